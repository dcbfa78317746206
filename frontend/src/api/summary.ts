import { queryOptions } from "@tanstack/react-query";

import { client } from "./client";
import { read } from "./problem";
import { queryKeys } from "./query-keys";

/** How the platform stands at this moment. */
export const summaryQuery = queryOptions({
  queryKey: queryKeys.summary,
  queryFn: ({ signal }) => read(client.GET("/api/summary/", { signal })),
});
