import type { Severity, Stage, Status, Verdict } from "@/api/types";
import { words } from "@/format/words";

/** Who the next move belongs to: the platform, a person, or nobody any more. */
export type Turn = "platform" | "person" | "done" | "dropped";

/** In the order in which an incident goes through them. */
export const TURN: Record<Status, Turn> = {
  open: "platform",
  triaging: "platform",
  diagnosing: "platform",
  fixing: "platform",
  reviewing: "platform",
  awaiting_approval: "person",
  opening_pr: "platform",
  pr_open: "person",
  monitoring: "platform",
  needs_human: "person",
  resolved: "done",
  noise: "dropped",
  duplicate: "dropped",
  rejected: "dropped",
  closed: "dropped",
};

export const STATUSES = Object.keys(TURN) as Status[];

export const SEVERITIES: readonly Severity[] = ["P0", "P1", "P2", "P3"];

const STATUS_TEXT: Partial<Record<Status, string>> = { opening_pr: "Opening PR", pr_open: "PR open" };

export function statusText(status: Status): string {
  return STATUS_TEXT[status] ?? words(status);
}

const STAGE_TEXT: Partial<Record<Stage, string>> = { similar: "Similar incidents", prepare: "Sandbox" };

export function stageText(stage: Stage): string {
  return STAGE_TEXT[stage] ?? words(stage);
}

const VERDICT_TEXT: Partial<Record<Verdict, string>> = { "": "Not tried yet", weakened_tests: "Weakens tests" };

export function verdictText(verdict: Verdict): string {
  return VERDICT_TEXT[verdict] ?? words(verdict);
}
