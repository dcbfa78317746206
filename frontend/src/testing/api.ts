import { http, HttpResponse, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";

import type { Incident, IncidentRow, Me, Summary } from "@/api/types";

import { incidentRow } from "./rows";

const ME: Me = {
  username: "ada",
  full_name: "Ada Lovelace",
  is_staff: true,
  may_decide: true,
  may_act: true,
  may_pause: true,
  may_change_services: true,
  live_port: null,
};

const SUMMARY: Summary = {
  breakers: [],
  pause: null,
  waiting: [],
  budget_today_usd: "50.00",
  open_incidents: 0,
  counts: [],
  open_by_severity: [],
  spent_today_usd: "0.000000",
  times_to_pull_request: [],
};

/** The read API, with nothing in it until a test says what there is. */
export const api = setupServer(
  http.get("/api/me/", () => HttpResponse.json(ME)),
  http.get("/api/summary/", () => HttpResponse.json(SUMMARY)),
  http.get("/api/services/", () => HttpResponse.json([])),
  http.get("/api/incidents/", () => HttpResponse.json({ next: null, previous: null, results: [] })),
  http.get("/api/incidents/:id/", () => HttpResponse.json({ detail: "Not found." }, { status: 404 })),
);

type Method = "post" | "patch" | "delete";

/** Take what is written to `path` from now on, and return each body with the token that came with it. */
export function take(method: Method, path: string, answer: () => JsonBodyType, status = 200) {
  const taken: { body: unknown; token: string | null }[] = [];
  api.use(
    http[method](path, async ({ request }) => {
      const text = await request.text();
      taken.push({ body: text === "" ? null : JSON.parse(text), token: request.headers.get("X-CSRFToken") });
      return status === 204 ? new HttpResponse(null, { status }) : HttpResponse.json(answer(), { status });
    }),
  );
  return taken;
}

/** Answer `path` from now on, and return the query of each request that was answered. */
export function serve(path: string, answer: (query: URLSearchParams) => JsonBodyType, status = 200): string[] {
  const asked: string[] = [];
  api.use(
    http.get(path, ({ request }) => {
      const query = new URL(request.url).searchParams;
      asked.push(query.toString());
      return HttpResponse.json(answer(query), { status });
    }),
  );
  return asked;
}

export function serveMe(change: Partial<Me>): void {
  serve("/api/me/", () => ({ ...ME, ...change }));
}

export function serveSummary(change: Partial<Summary>): void {
  serve("/api/summary/", () => ({ ...SUMMARY, ...change }));
}

export function serveRows(...rows: Partial<IncidentRow>[]): string[] {
  return serve("/api/incidents/", () => ({ next: null, previous: null, results: rows.map(incidentRow) }));
}

export function serveIncident(incident: Incident): string[] {
  return serve(`/api/incidents/${incident.id}/`, () => incident);
}

/** Answer every request of the API with `status`. */
export function failWith(status: number): void {
  api.use(http.get("/api/*", () => HttpResponse.json({ detail: "no" }, { status })));
}

/** Let no request reach the server. */
export function takeDown(): void {
  api.use(http.get("/api/*", () => HttpResponse.error()));
}

/** Be the server as it was before failWith, takeDown and every serve. */
export function bringBack(): void {
  api.resetHandlers();
}
