import { queryOptions } from "@tanstack/react-query";

import { client } from "./client";
import { read } from "./problem";
import { queryKeys } from "./query-keys";

export const servicesQuery = queryOptions({
  queryKey: queryKeys.services,
  queryFn: ({ signal }) => read(client.GET("/api/services/", { signal })),
  staleTime: 60_000,
});
