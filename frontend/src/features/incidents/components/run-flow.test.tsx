import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { serveIncident } from "@/testing/api";
import { FakeWebSocket } from "@/testing/fake-web-socket";
import { liveFeed, openIncident } from "@/testing/render-app";
import { fix, incident, stageRun } from "@/testing/rows";

import { runArrange } from "../api/run";
import { COLUMN_PIXELS, layOut, NODE, turnAt } from "../api/run-layout";

const STAGES = [
  stageRun("triage"),
  stageRun("logs"),
  stageRun("diagnosis", { queue_seconds: 2 }),
  stageRun("fix"),
  stageRun("trial"),
  stageRun("fix", { candidate: 2 }),
  stageRun("trial", { candidate: 2 }),
  stageRun("fix", { attempt: 2, status: "running", finished_at: null }),
];

test("the graph has each stage once, each candidate in a row of its own, and what waits for what", () => {
  const { placed, links } = layOut(runArrange(incident({ stage_runs: STAGES })));

  const places = placed.map(({ column, row }) => `${column} ${row}`);
  expect(new Set(places).size).toBe(placed.length);
  expect(placed.filter(({ id }) => id.startsWith("fix")).map(({ id, row }) => [id, row])).toEqual([
    ["fix 1.1", 0],
    ["fix 1.2", 1],
    ["fix 2.1", 2],
  ]);
  expect(placed.filter(({ id }) => id.startsWith("trial")).map(({ which }) => which)).toEqual([
    "candidate 1",
    "candidate 2",
    "",
  ]);
  expect(links).toContainEqual({ from: "prepare", to: "fix 1.2", way: "side" });
  expect(links).toContainEqual({ from: "trial 1.2", to: "fix 2.1", way: "below" });
  expect(links).toContainEqual({ from: "trial 2.1", to: "review", way: "side" });
  expect(links.every(({ from, to }) => [from, to].every((id) => placed.some((each) => each.id === id)))).toBe(true);
});

test("a line that passes a column turns between the columns", () => {
  for (const columns of [1, 2, 3]) {
    const turn = NODE.width + turnAt(columns) * (columns * COLUMN_PIXELS - NODE.width);
    expect(turn % COLUMN_PIXELS).toBeGreaterThan(NODE.width);
    expect(turn).toBeLessThan(columns * COLUMN_PIXELS);
  }
});

test("the graph shows states, durations and waits, opens particulars, and the choice of it is kept", async () => {
  const person = await openIncident({ stage_runs: STAGES, fixes: [fix()] });
  await person.click(screen.getByRole("radio", { name: "Graph" }));

  const diagnosis = await screen.findByRole("button", { name: "Diagnosis4.0 s · waited 2.0 s, succeeded" });
  expect(screen.getByRole("application", { name: /The run as a graph/ })).toBeVisible();
  await person.click(diagnosis);
  expect(screen.getByRole("region", { name: "Diagnosis, particulars" })).toBeVisible();
  expect(diagnosis).toHaveAttribute("aria-pressed", "true");
  expect(window.localStorage.getItem("run-view")).toBe('"graph"');
});

test("the graph moves as the run does", async () => {
  const person = await openIncident({ stage_runs: [stageRun("triage", { status: "running", finished_at: null })] });
  await person.click(screen.getByRole("radio", { name: "Graph" }));
  await screen.findByRole("button", { name: /^Triage.*running/ });

  serveIncident(incident({ stage_runs: [stageRun("triage"), stageRun("logs", { status: "running", finished_at: null })] }));
  (await liveFeed()).join(1);
  FakeWebSocket.newest.tell(7, "diagnosing", 2);

  expect(await screen.findByRole("button", { name: /^Logs.*running/ })).toBeVisible();
  expect(screen.getByRole("button", { name: /^Triage.*succeeded/ })).toBeVisible();
});
