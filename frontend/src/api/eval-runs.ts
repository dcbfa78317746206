import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

import { client } from "./client";
import { nextCursor } from "./pages";
import { read } from "./problem";
import { queryKeys } from "./query-keys";

export type EvalKind = "model" | "floor" | "harness";
export type EvalSuite = "triage" | "grounding" | "injection" | "fixes";
export type EvalFilters = { suite?: EvalSuite; kind?: EvalKind; state?: "finished" };

/** Runs of the evaluations, the newest first. */
export function evalRunsQuery(filters: EvalFilters, pageSize = 50) {
  return infiniteQueryOptions({
    queryKey: queryKeys.evalRuns({ ...filters, pageSize }),
    queryFn: ({ pageParam, signal }) =>
      read(
        client.GET("/api/evals/runs/", {
          params: { query: { ...filters, page_size: pageSize, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
  });
}
