import { queryOptions } from "@tanstack/react-query";

import { client } from "./client";
import { read } from "./problem";
import { queryKeys } from "./query-keys";

/** Who is signed in and what they may do. */
export const meQuery = queryOptions({
  queryKey: queryKeys.me,
  queryFn: ({ signal }) => read(client.GET("/api/me/", { signal })),
  staleTime: 60_000,
});
