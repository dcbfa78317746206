import { queryOptions } from "@tanstack/react-query";

import { client } from "@/api/client";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

export function serviceQuery(id: number) {
  return queryOptions({
    queryKey: queryKeys.service(id),
    queryFn: ({ signal }) => read(client.GET("/api/services/{id}/", { params: { path: { id } }, signal })),
    // Who fills the form in is not to see it change for a look at another window.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}
