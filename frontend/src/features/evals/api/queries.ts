import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { client } from "@/api/client";
import { nextCursor } from "@/api/pages";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

import type { ShownCases } from "../search";

// Only a new release or a new run changes what is shown.
const STALE_MS = 60_000;

export function evalRunQuery(id: number) {
  return queryOptions({
    queryKey: queryKeys.evalRun(id),
    queryFn: ({ signal }) =>
      read(client.GET("/api/evals/runs/{id}/", { params: { path: { id } }, signal })),
    staleTime: STALE_MS,
  });
}

const NARROWED = {
  wrong: { is_right: false },
  abstained: { outcome: "abstained" },
  failed: { outcome: "failed" },
  all: {},
} as const;

export function evalResultsQuery(id: number, show: ShownCases) {
  return infiniteQueryOptions({
    queryKey: queryKeys.evalResults(id, show),
    queryFn: ({ pageParam, signal }) =>
      read(
        client.GET("/api/evals/runs/{id}/cases/", {
          params: {
            path: { id: String(id) },
            query: { ...NARROWED[show], ...(pageParam && { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: nextCursor,
    staleTime: STALE_MS,
  });
}

export function evalComparisonQuery(a: number, b: number) {
  return queryOptions({
    queryKey: queryKeys.evalComparison(a, b),
    queryFn: ({ signal }) => read(client.GET("/api/evals/compare/", { params: { query: { a, b } }, signal })),
    staleTime: STALE_MS,
  });
}

export function evalCaseQuery(suite: string, caseId: string) {
  return queryOptions({
    queryKey: queryKeys.evalCase(suite, caseId),
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/evals/cases/{suite}/{case_id}/", {
          params: { path: { suite, case_id: caseId } },
          signal,
        }),
      ),
    staleTime: STALE_MS,
  });
}
