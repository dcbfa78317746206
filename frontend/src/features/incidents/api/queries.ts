import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { client } from "@/api/client";
import { nextCursor } from "@/api/pages";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

import type { Filters } from "../filters";

// Who looks for older ones wants many, and each page is read again when an incident changes: few large ones.
const OLDER_PAGE_SIZE = 200;

export function incidentListQuery({ show, ...filters }: Filters) {
  return infiniteQueryOptions({
    queryKey: queryKeys.incidentList({ show, ...filters }),
    queryFn: ({ pageParam, signal }) =>
      read(
        client.GET("/api/incidents/", {
          params: {
            query: {
              ...filters,
              ...(show && { open: show === "open" }),
              ...(pageParam && { cursor: pageParam, page_size: OLDER_PAGE_SIZE }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: nextCursor,
    // While one types and chooses, the rows from before stay instead of a flicker.
    placeholderData: keepPreviousData,
  });
}

export function incidentQuery(id: number) {
  return queryOptions({
    queryKey: queryKeys.incident(id),
    queryFn: ({ signal }) => read(client.GET("/api/incidents/{id}/", { params: { path: { id } }, signal })),
  });
}

// The feed does not tell of single steps.
const STEPS_EVERY_MS = 5_000;

export function stepsQuery(id: number, stageRun: number, { isRunning }: { isRunning: boolean }) {
  return queryOptions({
    ...(isRunning && { refetchInterval: STEPS_EVERY_MS }),
    queryKey: queryKeys.steps(id, stageRun),
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/incidents/{id}/steps/", {
          params: { path: { id }, query: { stage_run: stageRun } },
          signal,
        }),
      ),
  });
}
