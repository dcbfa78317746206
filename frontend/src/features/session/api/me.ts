import { queryOptions } from "@tanstack/react-query";

import { client, type Schema } from "@/api/client";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

export type Me = Schema["Me"];

export const meQuery = queryOptions({
  queryKey: queryKeys.me,
  queryFn: ({ signal }): Promise<Me> => read(client.GET("/api/me/", { signal })),
  staleTime: 60_000,
});
