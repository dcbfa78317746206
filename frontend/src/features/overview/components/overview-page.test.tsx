import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";

import { failWith, serve, serveMe, serveSummary, take } from "@/testing/api";
import { openPage } from "@/testing/render-app";
import { ago, evalRunRow, figure, HOSTILE, overview, workQueues } from "@/testing/rows";

const speed = (start: string, count: number, p50: number, p90: number) => ({
  start,
  count,
  p50_seconds: p50,
  p90_seconds: p90,
});

beforeEach(() => {
  serve("/api/overview/", () => overview());
  serve("/api/work/", () => workQueues());
  serve("/api/evals/runs/", () => ({ next: null, previous: null, results: [] }));
});

test("agents are timed against people, over time, in words as well as in a chart", async () => {
  serve("/api/overview/", () =>
    overview({
      time_to_pull_request: {
        agents: {
          total: { count: 5, p50_seconds: 42, p90_seconds: 90 },
          periods: [speed("2026-06-08T00:00:00Z", 3, 40, 80), speed("2026-06-01T00:00:00Z", 2, 50, 95)],
        },
        people: {
          total: { count: 1, p50_seconds: 5400, p90_seconds: 5400 },
          periods: [speed("2026-06-08T00:00:00Z", 1, 5400, 5400)],
        },
      },
    }),
  );
  const person = openPage("/overview");

  expect(await screen.findByText("median of 5, p90 1 min 30 s; people 1 h 30 min")).toBeVisible();
  await person.click(screen.getByText("As a table"));
  const rows = within(await screen.findByRole("group", { name: /as a table/ })).getAllByRole("row");
  expect(rows.slice(1).map((row) => row.textContent)).toEqual([
    "2026-06-01250 s1 min 35 s0––",
    "2026-06-08340 s1 min 20 s11 h 30 min1 h 30 min",
  ]);
});

test("the span is in the address and is what is asked for", async () => {
  const asked = serve("/api/overview/", () => overview());
  const person = openPage("/overview?days=90");
  await screen.findByRole("heading", { name: "Time to first pull request" });

  await person.click(screen.getByRole("radio", { name: "By day" }));

  await waitFor(() => {
    expect(asked.at(-1)).toBe("days=90&by=day");
  });
  expect(window.location.search).toBe("?days=90&by=day");
});

test("a rate comes with its interval and with how much was reviewed", async () => {
  serve("/api/overview/", () =>
    overview({
      false_positives: {
        rate: 0.1,
        low: 0.02,
        high: 0.4,
        called_real: 20,
        reviewed: 10,
        false_positives: 1,
        reviewed_share: 0.5,
      },
    }),
  );
  openPage("/overview");

  expect(await screen.findByText("10.0 % [2.0 %, 40.0 %], 50.0 % of 20 reviewed")).toBeVisible();
});

test("nothing reviewed is no rate at all", async () => {
  openPage("/overview");

  expect(await screen.findByText("none of 0 called real was reviewed")).toBeVisible();
});

test("the accuracy is the last model's, with how much of the cases it answered", async () => {
  serve("/api/evals/runs/", (query) => ({
    next: null,
    previous: null,
    results: query.get("kind") === "model" ? [evalRunRow()] : [],
  }));
  openPage("/overview");

  expect(await screen.findByText("80.0 %")).toBeVisible();
  expect(screen.getByText("claude-test, 90.0 % of 10 cases answered")).toBeVisible();
});

test("a floor is named as one where no model was measured", async () => {
  const rules = evalRunRow({ model: "rules", kind: "floor", figures: [figure("accuracy", 0.55)] });
  serve("/api/evals/runs/", (query) => ({
    next: null,
    previous: null,
    results: query.get("kind") === "floor" ? [rules] : [],
  }));
  openPage("/overview");

  expect(await screen.findByText("no model measured; floor rules 55.0 %")).toBeVisible();
});

test("a service says how many of its incidents were resolved, and what it spent of its budget", async () => {
  serve("/api/overview/", () =>
    overview({
      services: [
        { service: "orders", resolved: 2, resolved_by_fix: 1, unsolved: 1, moving: 4, rate: 0.667, low: 0.2, high: 0.9 },
      ],
      spent_today_usd: "1.500000",
      spent_today_by_service: [{ service: "orders", spent_usd: "1.500000", budget_usd: "100.00" }],
    }),
  );
  openPage("/overview");

  const rates = await screen.findByRole("group", { name: "Resolve rate by service" });
  expect(within(rates).getByRole("row", { name: /orders/ })).toHaveTextContent("66.7 % [20.0 %, 90.0 %]1 of 214");
  const spent = screen.getByRole("group", { name: "Spent today" });
  expect(spent).toHaveTextContent("orders$1.50$100.00");
});

test("a queue that nobody takes from is marked", async () => {
  openPage("/overview");

  const queues = await screen.findByRole("group", { name: "Queues" });
  expect(within(queues).getByRole("row", { name: /agents/ })).toHaveTextContent("agents3worker@host-1");
  expect(within(queues).getByRole("row", { name: /sandbox/ })).toHaveTextContent("no worker");
});

test("with the broker away it is said that nothing is lost", async () => {
  serve("/api/work/", () => workQueues({ is_known: false, workers: [] }));
  openPage("/overview");

  expect(await screen.findByText("Nobody knows who works")).toBeVisible();
});

test("an outside system that is left alone says why, as text", async () => {
  serveSummary({ breakers: [{ name: "github", state: "open", reason: HOSTILE, retry_at: ago(-60) }] });
  openPage("/overview");

  expect(await screen.findByText("left alone")).toBeVisible();
  expect(screen.getByText(new RegExp("<script>alert"))).toBeVisible();
  expect(document.querySelector("script")).toBeNull();
});

test("who may pauses everything with a reason, and lets it go on", async () => {
  document.cookie = "csrftoken=abc123; path=/";
  const started = take("post", "/api/pause/", () => ({
    reason: "deploy freeze",
    started_by: "user:ada",
    started_at: ago(1),
  }));
  const ended = take("delete", "/api/pause/", () => null, 204);
  const person = openPage("/overview");
  expect(await screen.findByRole("button", { name: "Pause everything" })).toBeDisabled();

  await person.type(screen.getByLabelText("Reason"), "deploy freeze");
  serveSummary({ pause: { reason: "deploy freeze", started_by: "user:ada", started_at: ago(1) } });
  await person.click(screen.getByRole("button", { name: "Pause everything" }));

  expect(await screen.findByText(/Paused by ada/)).toBeVisible();
  expect(started).toEqual([{ body: { reason: "deploy freeze" }, token: "abc123" }]);

  serveSummary({});
  await person.click(screen.getByRole("button", { name: "Let everything go on" }));
  expect(await screen.findByText("Running.")).toBeVisible();
  expect(ended).toHaveLength(1);
});

test("a switch that cannot be pressed says why and stays", async () => {
  take("post", "/api/pause/", () => ({ detail: "no" }), 403);
  const person = openPage("/overview");

  await person.type(await screen.findByLabelText("Reason"), "lunch");
  await person.click(screen.getByRole("button", { name: "Pause everything" }));

  expect(await screen.findByRole("alert")).toHaveTextContent("The switch was not pressed");
  expect(screen.getByLabelText("Reason")).toHaveValue("lunch");
});

test("who may not pause sees no switch", async () => {
  serveMe({ may_pause: false });
  openPage("/overview");

  expect(await screen.findByText("Your account may not pause it.")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Pause everything" })).toBeNull();
});

test("an overview that cannot be read says so, and the page stays", async () => {
  serve("/api/overview/", () => ({}), 500);
  openPage("/overview");

  expect(await screen.findByRole("heading", { name: "The server failed" })).toBeVisible();
  expect(screen.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("a session that ends takes the overview away", async () => {
  failWith(401);
  openPage("/overview");

  expect(await screen.findByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/login/?next=%2Foverview");
});
