import * as v from "valibot";

import type { Fix, Incident, Stage } from "@/api/types";

/*
 * What each stage hands on. The API passes these documents through as they were stored, maybe by another release:
 * one that does not fit is shown as it is instead of being guessed at.
 */

// A moment that cannot be read would end the whole page.
const Moment = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);

export const Triage = v.object({
  classification: v.string(),
  severity: v.string(),
  rule: v.string(),
  reason: v.string(),
  fixable_in_code: v.boolean(),
  not_fixable_reason: v.optional(v.string(), ""),
  confidence: v.number(),
});
export type Triage = v.InferOutput<typeof Triage>;

export const Logs = v.object({
  events: v.array(v.object({ id: v.string(), at: Moment, log_stream: v.string(), message: v.string() })),
  log_groups: v.array(v.string()),
  filter_pattern: v.string(),
  missing: v.string(),
});
export type Logs = v.InferOutput<typeof Logs>;

export const Commits = v.object({
  commits: v.array(
    v.object({
      sha: v.string(),
      author: v.string(),
      authored_at: Moment,
      subject: v.string(),
      paths: v.array(v.string()),
    }),
  ),
  missing: v.string(),
});
export type Commits = v.InferOutput<typeof Commits>;

export const Similar = v.object({
  incidents: v.array(
    v.object({ id: v.number(), title: v.string(), status: v.string(), distance: v.number(), root_cause: v.string() }),
  ),
  missing: v.string(),
});
export type Similar = v.InferOutput<typeof Similar>;

export const Owners = v.object({ owners: v.array(v.string()), missing: v.string() });
export type Owners = v.InferOutput<typeof Owners>;

export const Diagnosis = v.object({
  title: v.string(),
  root_cause: v.string(),
  location: v.object({ path: v.string(), function: v.string(), line_start: v.number(), line_end: v.number() }),
  causal_chain: v.array(
    v.object({
      claim: v.string(),
      citation: v.object({ kind: v.picklist(["code", "log_event", "commit"]), reference: v.string() }),
    }),
  ),
  hypotheses: v.array(
    v.object({ statement: v.string(), verdict: v.picklist(["confirmed", "refuted", "open"]), because: v.string() }),
  ),
  confidence: v.number(),
  gaps: v.array(v.string()),
});
export type Diagnosis = v.InferOutput<typeof Diagnosis>;

export const TrialReport = v.object({
  verdict: v.string(),
  reason: v.string(),
  fail_to_pass: v.array(v.string()),
  pass_to_pass: v.number(),
  broken: v.array(v.string()),
  still_failing: v.array(v.string()),
  red_before: v.array(v.string()),
  changed_tests: v.optional(v.array(v.string()), []),
  flaky: v.optional(v.array(v.string()), []),
  by_exit_code: v.optional(v.boolean(), false),
  failing_output: v.string(),
  fix_seconds: v.number(),
  runner: v.string(),
  is_isolated: v.boolean(),
});
export type TrialReport = v.InferOutput<typeof TrialReport>;

export const Review = v.object({
  decision: v.string(),
  summary: v.string(),
  findings: v.array(
    v.object({
      severity: v.string(),
      path: v.string(),
      line: v.optional(v.nullable(v.number()), null),
      message: v.string(),
    }),
  ),
  risk: v.string(),
});
export type Review = v.InferOutput<typeof Review>;

export const AlarmDefinition = v.object({
  namespace: v.string(),
  metric_name: v.string(),
  statistic: v.string(),
  period_seconds: v.number(),
  evaluation_periods: v.number(),
  datapoints_to_alarm: v.number(),
  threshold: v.number(),
  comparison_operator: v.string(),
});

export const Warnings = v.array(v.string());

export const DryRun = v.record(v.string(), v.object({ ok: v.boolean(), detail: v.string() }));

/** A stored document: not there, of this release's shape, or of another one and shown as it is. */
export type Read<Output> = { is: "absent" } | { is: "read"; output: Output } | { is: "unreadable"; given: unknown };

export function outputRead<S extends v.GenericSchema>(schema: S, given: unknown): Read<v.InferOutput<S>> {
  if (given === null || given === undefined) return { is: "absent" };
  const result = v.safeParse(schema, given);
  return result.success ? { is: "read", output: result.output } : { is: "unreadable", given };
}

/** Return what the newest succeeded run of a stage handed on. */
export function stageOutput<S extends v.GenericSchema>(
  incident: Incident,
  stage: Stage,
  schema: S,
): Read<v.InferOutput<S>> {
  const run = incident.stage_runs.findLast((each) => each.stage === stage && each.status === "succeeded");
  return outputRead(schema, run?.output);
}

/** Whether the tests behind a fix's verdict ran in a sandbox; false, too, if nothing readable says so. */
export function isIsolated(fix: Fix): boolean {
  const report = outputRead(TrialReport, fix.report);
  return report.is === "read" && report.output.is_isolated;
}
