import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { client, type Schema } from "@/api/client";
import { read } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

import type { Filters } from "../filters";

export type IncidentRow = Schema["IncidentRow"];
export type Incident = Schema["Incident"];
export type StageRun = Schema["StageRun"];
export type Fix = Schema["Fix"];
export type Summary = Schema["Summary"];

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

export function stepsQuery(id: number, stageRun: number) {
  return queryOptions({
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
