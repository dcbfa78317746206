import type { Verdict } from "@/api/types";

import { candidateName, type Run, type StageNode } from "./run";

/** A stage with its place in the graph, in columns and rows. */
export type Placed = {
  id: string;
  node: StageNode;
  column: number;
  row: number;
  /** Which candidate of its round, where there are several. */
  which: string;
  trial?: { verdict: Verdict; isIsolated: boolean };
};

/** What one stage waits for: `side` leaves to the right, `below` to the stage under it. */
export type Link = { from: string; to: string; way: "side" | "below" };

export type Layout = { placed: Placed[]; links: Link[]; rows: number };

export const COLUMN_PIXELS = 232;
export const NODE = { width: 186, height: 58 };

const EVIDENCE_ROWS = 4;

/** Return after which share of its way to the right a line turns: in the last gap, not behind the boxes before it. */
export function turnAt(columns: number): number {
  const gap = COLUMN_PIXELS - NODE.width;
  return 1 - gap / 2 / (columns * COLUMN_PIXELS - NODE.width);
}

/** Place the stages of a run: triage, evidence beside the sandbox, diagnosis, one row for each candidate, delivery. */
export function layOut(run: Run): Layout {
  const placed: Placed[] = [];
  const links: Link[] = [];
  const place = (id: string, node: StageNode, column: number, row: number, rest: Partial<Placed> = {}) => {
    placed.push({ id, node, column, row, which: "", ...rest });
  };
  const link = (from: string, to: string, way: Link["way"] = "side") => {
    links.push({ from, to, way });
  };

  place("triage", run.triage, 0, EVIDENCE_ROWS / 2);
  run.evidence.forEach((node, row) => {
    place(node.stage, node, 1, row);
    link("triage", node.stage);
    link(node.stage, "diagnosis");
  });
  place("prepare", run.prepare, 1, EVIDENCE_ROWS);
  link("triage", "prepare");
  place("diagnosis", run.diagnosis, 2, (EVIDENCE_ROWS - 1) / 2);

  let row = 0;
  let before = ["diagnosis", "prepare"];
  for (const round of run.rounds) {
    const { attempt, candidates } = round;
    const trials: string[] = [];
    for (const { candidate, fix, trial, verdict, isIsolated } of candidates) {
      const name = `${attempt}.${candidate}`;
      const which = candidateName(round, candidate);
      place(`fix ${name}`, fix, 3, row, { which });
      place(`trial ${name}`, trial, 4, row, { which, trial: { verdict, isIsolated } });
      link(`fix ${name}`, `trial ${name}`);
      // A later round learns from the trials of the one above it.
      for (const from of before) link(from, `fix ${name}`, attempt > 1 ? "below" : "side");
      trials.push(`trial ${name}`);
      row += 1;
    }
    before = trials;
  }
  run.delivery.forEach((node, index) => {
    place(node.stage, node, 5, index);
    const above = run.delivery[index - 1];
    if (above) link(above.stage, node.stage, "below");
    else for (const from of before) link(from, node.stage);
  });
  return { placed, links, rows: Math.max(row, EVIDENCE_ROWS + 1, run.delivery.length) };
}
