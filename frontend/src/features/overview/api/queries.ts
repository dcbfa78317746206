import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { client } from "@/api/client";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

import { type Span, USUAL_BY, USUAL_DAYS } from "../span";

// The feed tells of incidents and not of what is computed from them.
const ASK_EVERY_MS = 30_000;

export function overviewQuery({ days = USUAL_DAYS, by = USUAL_BY }: Span) {
  return queryOptions({
    queryKey: queryKeys.overviewOf({ days, by }),
    queryFn: ({ signal }) =>
      read(client.GET("/api/overview/", { params: { query: { days: Number(days), by } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: ASK_EVERY_MS,
  });
}

export const workQuery = queryOptions({
  queryKey: queryKeys.work,
  queryFn: ({ signal }) => read(client.GET("/api/work/", { signal })),
  refetchInterval: ASK_EVERY_MS,
});
