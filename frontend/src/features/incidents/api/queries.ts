import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { client } from "@/api/client";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

import type { Filters } from "../filters";

export function incidentListQuery({ show, ...filters }: Filters) {
  return infiniteQueryOptions({
    queryKey: queryKeys.incidentList({ show, ...filters }),
    queryFn: ({ pageParam, signal }) =>
      read(
        client.GET("/api/incidents/", {
          params: {
            query: { ...filters, ...(show && { open: show === "open" }), ...(pageParam && { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => cursorOf(page.next),
    // While one types and chooses, the rows from before stay instead of a flicker.
    placeholderData: keepPreviousData,
  });
}

function cursorOf(next: string | null | undefined): string | undefined {
  return next ? (new URL(next, window.location.origin).searchParams.get("cursor") ?? undefined) : undefined;
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

export const summaryQuery = queryOptions({
  queryKey: queryKeys.summary,
  queryFn: ({ signal }) => read(client.GET("/api/summary/", { signal })),
});

export const servicesQuery = queryOptions({
  queryKey: queryKeys.services,
  queryFn: ({ signal }) => read(client.GET("/api/services/", { signal })),
  staleTime: 60_000,
});
