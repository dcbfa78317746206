import type { Schema } from "@/api/client";

export type Status = Schema["IncidentStatusEnum"];
export type Severity = Schema["SeverityEnum"];

export const STATUSES: readonly Status[] = [
  "open",
  "triaging",
  "diagnosing",
  "fixing",
  "reviewing",
  "awaiting_approval",
  "opening_pr",
  "pr_open",
  "monitoring",
  "needs_human",
  "resolved",
  "noise",
  "duplicate",
  "rejected",
  "closed",
];

export const SEVERITIES: readonly Severity[] = ["P0", "P1", "P2", "P3"];

/** Who the next move belongs to: the platform, a person, or nobody any more. */
export type Turn = "platform" | "person" | "done" | "dropped";

export const TURN: Record<Status, Turn> = {
  open: "platform",
  triaging: "platform",
  diagnosing: "platform",
  fixing: "platform",
  reviewing: "platform",
  opening_pr: "platform",
  monitoring: "platform",
  awaiting_approval: "person",
  pr_open: "person",
  needs_human: "person",
  resolved: "done",
  noise: "dropped",
  duplicate: "dropped",
  rejected: "dropped",
  closed: "dropped",
};

const STATUS_TEXT: Partial<Record<Status, string>> = { opening_pr: "Opening PR", pr_open: "PR open" };

export function statusText(status: Status): string {
  return STATUS_TEXT[status] ?? `${status.charAt(0).toUpperCase()}${status.slice(1)}`.replaceAll("_", " ");
}

export const STAGE_TEXT: Record<Schema["StageEnum"], string> = {
  triage: "Triage",
  logs: "Logs",
  commits: "Commits",
  similar: "Similar",
  owners: "Owners",
  diagnosis: "Diagnosis",
  prepare: "Sandbox",
  fix: "Fix",
  trial: "Trial",
  review: "Review",
  gate: "Gate",
  pull_request: "Pull request",
  merge: "Merge",
  monitor: "Monitor",
};
