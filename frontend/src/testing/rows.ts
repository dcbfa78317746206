import type {
  Approval,
  EvalResult,
  EvalRun,
  EvalRunRow,
  Event,
  Figure,
  Fix,
  Incident,
  IncidentRow,
  Overview,
  ServiceSettings,
  Speeds,
  Stage,
  StageRun,
  WorkQueues,
} from "@/api/types";

type PullRequest = NonNullable<Incident["pull_request"]>;

/** What would run in a page that took it for markup. */
export const HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">';

/** Return the moment `seconds` before now, as the API writes it. */
export function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

export function incidentRow(change: Partial<IncidentRow> = {}): IncidentRow {
  return {
    id: 7,
    title: "TypeError in checkout",
    service: "orders",
    status: "fixing",
    status_reason: "",
    is_open: true,
    classification: "real",
    severity: "P1",
    occurrences: 1,
    first_seen_at: ago(185),
    last_seen_at: ago(60),
    active_at: ago(5),
    cost_usd: "0.123400",
    running_stage: "",
    unfinished_stages: [],
    pull_request: null,
    ...change,
  };
}

export function incident(change: Partial<Incident> = {}): Incident {
  return {
    ...incidentRow(),
    service: {
      id: 1,
      name: "orders",
      repository: "acme/orders",
      default_branch: "main",
      deployed_ref: "",
      mode: "propose",
      approval_threshold: "HIGH",
      merge_policy: "people",
      alarm_policy: "create",
      owners: ["@acme/orders"],
      open_incidents: 1,
    },
    fingerprint: "ab",
    fingerprint_parts: { recipe: "alarm/1", account: "123456789012", region: "us-east-1", alarm: "orders-errors" },
    error_fingerprint: "",
    error_fingerprint_parts: {},
    deployed_commit: "0123456789abcdef",
    duplicate_of: null,
    time_to_pull_request: null,
    stage_runs: [],
    fixes: [],
    transitions: [],
    approvals: [],
    alarm_proposals: [],
    duplicates: [],
    events: [],
    code_links: {},
    ...change,
  };
}

let stageRuns = 0;

export function stageRun(stage: Stage, change: Partial<StageRun> = {}): StageRun {
  stageRuns += 1;
  return {
    id: stageRuns,
    stage,
    attempt: 1,
    candidate: 1,
    status: "succeeded",
    claims: 1,
    queued_at: null,
    started_at: ago(100),
    finished_at: ago(96),
    queue_seconds: null,
    duration_seconds: 4,
    output: null,
    output_version: 1,
    exit_reason: "Submitted",
    error: "",
    model: "",
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    cost_usd: "0.000000",
    trace_id: "",
    refused_outputs: [],
    step_count: 0,
    ...change,
  };
}

export const DIFF = `diff --git a/src/checkout.js b/src/checkout.js
--- a/src/checkout.js
+++ b/src/checkout.js
@@ -1,3 +1,3 @@
 function total(cart) {
-  return cart.items.length;
+  return cart?.items?.length ?? 0;
 }
`;

export const REPORT = {
  verdict: "fixed",
  reason: "Failing without the fix, passing with it: empty cart.",
  patch_sha256: "ab",
  fail_to_pass: ["test/checkout.test.js::empty cart"],
  pass_to_pass: 41,
  broken: [],
  still_failing: [],
  red_before: [],
  failing_output: "",
  runner: "docker",
  is_isolated: true,
  baseline_seconds: 2,
  tests_only_seconds: 2,
  fix_seconds: 2.5,
};

export const REVIEW = {
  decision: "approve",
  summary: "Small and covered by a test.",
  findings: [{ severity: "minor", path: "src/checkout.js", line: 13, message: "Name the default." }],
  risk: "LOW",
};

export function fix(change: Partial<Fix> = {}): Fix {
  return {
    id: 1,
    attempt: 1,
    candidate: 1,
    base_commit: "0123456789abcdef",
    diff: DIFF,
    diff_sha256: "ab",
    author: "",
    rationale: "An empty cart has no items.",
    warnings: [],
    blast_radius: null,
    verdict: "fixed",
    report: REPORT,
    review: null,
    created_at: ago(50),
    ...change,
  };
}

export function approval(change: Partial<Approval> = {}): Approval {
  return {
    id: 3,
    fix: 1,
    risk: "HIGH",
    reasons: [{ risk: "HIGH", reason: "It changes how money is counted." }],
    state: "pending",
    requested_at: ago(30),
    expires_at: ago(-86_400),
    decided_at: null,
    decisions: [],
    path: "/admin/approvals/approval/3/change/",
    ...change,
  };
}

export function pullRequest(change: Partial<PullRequest> = {}): PullRequest {
  return {
    repository: "acme/orders",
    number: 12,
    url: "https://code.example/acme/orders/pull/12",
    branch: "agent-platform/incident-7",
    state: "open",
    head_commit: "ffff",
    merge_commit: "",
    diff_sha256: "ab",
    is_merged_by_platform: false,
    opened_at: ago(10),
    closed_at: null,
    fix: 1,
    ...change,
  };
}

export function event(change: Partial<Event> = {}): Event {
  return {
    id: 1,
    message_id: "m-1",
    topic_arn: "arn:aws:sns:eu-west-1:1:alarms",
    subject: "ALARM",
    alarm: { AlarmName: "orders-errors" },
    alarm_name: "orders-errors",
    alarm_state: "ALARM",
    state_changed_at: ago(181),
    received_at: ago(180),
    drained_at: ago(179),
    disposition: "opened",
    disposition_reason: "",
    service: "orders",
    incident: 7,
    ...change,
  };
}

export function serviceSettings(change: Partial<ServiceSettings> = {}): ServiceSettings {
  return {
    id: 1,
    name: "orders",
    repository: "acme/orders",
    default_branch: "main",
    deployed_ref: "",
    alarm_patterns: ["orders-*"],
    log_groups: [],
    test_command: "",
    sandbox_image: "",
    approval_threshold: "HIGH",
    mode: "propose",
    merge_policy: "people",
    alarm_policy: "create",
    allowed_paths: [],
    risk_patterns: [],
    incidents_per_hour: 20,
    owners: ["@acme/orders"],
    budget_usd_per_incident: "10.00",
    budget_usd_per_day: "100.00",
    open_incidents: 1,
    ...change,
  };
}

export function figure(name: string, value: number | null, change: Partial<Figure> = {}): Figure {
  return { name, value, low: null, high: null, n: 10, better: "high", unit: "share", ...change };
}

export function evalRunRow(change: Partial<EvalRunRow> = {}): EvalRunRow {
  return {
    id: 4,
    suite: "triage",
    model: "claude-test",
    kind: "model",
    note: "a model behind the Messages API",
    settings: { limit: null, repeat: 1, split: "" },
    material_sha256: "a".repeat(64),
    commit: "0123456789abcdef",
    state: "finished",
    state_reason: "",
    cost_usd: "0.420000",
    started_at: ago(3600),
    finished_at: ago(3000),
    figures: [
      figure("answered", 0.9),
      figure("abstained", 0.1, { better: "low" }),
      figure("failed", 0, { better: "low" }),
      figure("accuracy", 0.8, { low: 0.7, high: 0.87 }),
      figure("cost_per_case", 0.042, { unit: "usd", better: "low" }),
    ],
    ...change,
  };
}

export function evalRun(change: Partial<EvalRun> = {}): EvalRun {
  return {
    ...evalRunRow(),
    floors: [{ id: 2, model: "rules", figures: [figure("answered", 1), figure("accuracy", 0.55)] }],
    matrices: [
      {
        title: "Classification",
        labels: ["real", "noise"],
        counts: [
          [7, 1],
          [2, 5],
        ],
      },
    ],
    groups: [{ name: "money", right: 3, total: 4, low: 0.3, high: 0.95 }],
    calibration: [{ claimed: 0.9, right: 0.75, count: 12 }],
    ...change,
  };
}

export function evalResult(change: Partial<EvalResult> = {}): EvalResult {
  return {
    id: 1,
    case_id: "orders-slow",
    repeat: 1,
    outcome: "answered",
    is_right: false,
    expected: { classification: "real", severity: "P1" },
    answer: { classification: "noise", severity: "P3", reasoning: "It is quiet." },
    exit_reason: "",
    error: "",
    cost_usd: "0.010000",
    seconds: 2,
    ...change,
  };
}

const NOTHING: Speeds = { total: { count: 0, p50_seconds: null, p90_seconds: null }, periods: [] };

export function overview(change: Partial<Overview> = {}): Overview {
  return {
    since: ago(30 * 86_400),
    time_to_pull_request: { agents: NOTHING, people: NOTHING },
    false_positives: {
      rate: null,
      low: null,
      high: null,
      called_real: 0,
      reviewed: 0,
      false_positives: 0,
      reviewed_share: null,
    },
    services: [],
    spent_today_usd: "0.000000",
    budget_today_usd: "50.00",
    spent_today_by_service: [],
    ...change,
  };
}

export function workQueues(change: Partial<WorkQueues> = {}): WorkQueues {
  return {
    is_known: true,
    queues: [
      { name: "agents", waiting: 3, workers: ["worker@host-1.internal"] },
      { name: "sandbox", waiting: 0, workers: [] },
    ],
    workers: [{ name: "worker@host-1.internal", queues: ["agents"] }],
    ...change,
  };
}
