import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { serve, serveIncident, takeDown } from "@/testing/api";
import { FakeWebSocket } from "@/testing/fake-web-socket";
import { liveFeed, openIncident, openPage } from "@/testing/render-app";
import { ago, event, fix, HOSTILE, incident, pullRequest, REVIEW, stageRun } from "@/testing/rows";

const DIAGNOSIS = {
  title: "An empty cart has no items",
  root_cause: "total() reads items of a cart that was never filled.",
  location: { path: "src/checkout.js", function: "total", line_start: 12, line_end: 14 },
  causal_chain: [
    { claim: "The handler passes null.", citation: { kind: "code", reference: "src/handler.js:40" } },
    { claim: "total() throws.", citation: { kind: "log_event", reference: "event-9" } },
  ],
  hypotheses: [
    { statement: "The cart is null.", verdict: "confirmed", because: "The log shows it." },
    { statement: "The database is down.", verdict: "refuted", because: "Other reads succeed." },
  ],
  confidence: 0.87,
  gaps: ["not seen: the caller's caller"],
};

test("the head tells what happened, where and how often", async () => {
  await openIncident({
    status: "needs_human",
    status_reason: "No fix passed its tests in 3 rounds.",
    severity: "P0",
    occurrences: 3,
    last_seen_at: ago(2),
  });

  expect(screen.getByRole("heading", { level: 1, name: "TypeError in checkout" })).toBeVisible();
  expect(screen.getByText("Needs human", { selector: "span" })).toBeVisible();
  expect(screen.getByText("P0")).toBeVisible();
  expect(screen.getByText(/#7 · orders/)).toHaveTextContent(
    /^#7 · orders · Real · 3 alarms · began 3 min ago, last (now|\d+ s ago)$/,
  );
  expect(screen.getByRole("alert", { name: "A person is needed" })).toHaveTextContent("No fix passed its tests");
  expect(document.title).toBe("#7 TypeError in checkout · agent-platform");
});

test("the pull request is one press away", async () => {
  await openIncident({ status: "pr_open", pull_request: pullRequest() });

  const link = screen.getByRole("link", { name: /Pull request #12/ });
  expect(link).toHaveAttribute("href", "https://code.example/acme/orders/pull/12");
  expect(link).toHaveAttribute("rel", "noreferrer");
});

test("an address that would run a script is no link", async () => {
  await openIncident({ pull_request: pullRequest({ url: "javascript:alert(1)" }) });

  expect(screen.queryByRole("link", { name: /Pull request/ })).toBeNull();
});

test("the diagnosis names the place, the chain that leads there, and what was not seen", async () => {
  await openIncident({ stage_runs: [stageRun("diagnosis", { output: DIAGNOSIS })] });

  const diagnosis = within(screen.getByRole("region", { name: "Diagnosis" }));
  expect(diagnosis.getByText("87 % confident")).toBeVisible();
  expect(diagnosis.getByText("src/checkout.js:12-14")).toBeVisible();
  expect(diagnosis.getByText("total")).toBeVisible();
  expect(diagnosis.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
    "The handler passes null.code src/handler.js:40",
    "total() throws.log event event-9",
    "ConfirmedThe cart is null.The log shows it.",
    "RefutedThe database is down.Other reads succeed.",
    "not seen: the caller's caller",
  ]);
});

test("an output of a shape that is not known is shown as it is", async () => {
  await openIncident({
    stage_runs: [
      stageRun("diagnosis", { output: { cause: "of another release" } }),
      stageRun("logs", {
        output: {
          events: [{ id: "1", at: "yesterday", log_stream: "s", message: "m" }],
          log_groups: [],
          filter_pattern: "",
          missing: "",
        },
      }),
    ],
  });

  expect(within(screen.getByRole("region", { name: "Diagnosis" })).getByText(/of another release/)).toBeVisible();
  expect(within(screen.getByRole("tabpanel", { name: "Logs" })).getByText(/"yesterday"/)).toBeVisible();
});

test("triage, new alarms and raw events are told", async () => {
  const person = await openIncident({
    stage_runs: [
      stageRun("triage", {
        output: {
          classification: "real",
          severity: "P1",
          rule: "errors above 5 %",
          reason: "Users cannot pay.",
          duplicate_of: null,
          fixable_in_code: false,
          not_fixable_reason: "A quota.",
          confidence: 0.9,
        },
      }),
    ],
    alarm_proposals: [
      {
        id: 1,
        name: "orders-null-cart",
        definition: {
          name: "orders-null-cart",
          description: "",
          namespace: "Orders",
          metric_name: "NullCart",
          statistic: "Sum",
          period_seconds: 60,
          evaluation_periods: 3,
          datapoints_to_alarm: 2,
          threshold: 5,
          comparison_operator: "GreaterThanThreshold",
        },
        dry_run: { metric_exists: { ok: false, detail: "no such metric" } },
        state: "refused",
        alarm_arn: "",
        created_at: ago(1),
        asked_at: null,
        decided_by: "",
        decided_at: null,
      },
    ],
    events: [event(), event({ id: 2, alarm: null, subject: "hello", disposition: "unrouted", alarm_state: "" })],
  });

  expect(screen.getByRole("region", { name: "Triage" })).toHaveTextContent(
    "Real, P1. Users cannot pay.Rule: errors above 5 %Not a matter of code: A quota.",
  );
  const alarms = screen.getByRole("region", { name: "New alarms" });
  expect(alarms).toHaveTextContent("Sum of Orders/NullCart > 5 in 2 of 3 × 1 min");
  expect(alarms).toHaveTextContent("✗ Metric exists: no such metric");

  await person.click(screen.getByText("2 notifications, the newest first"));
  await person.click(await screen.findByText(/ALARM · Opened/));
  expect(await screen.findByText(/"AlarmName": "orders-errors"/)).toBeVisible();
  await person.click(screen.getByText(/no state · Unrouted/));
  expect(await screen.findByText("hello")).toBeVisible();
});

test("an alarm says since when it waits for a click, or who decided", async () => {
  const alarm = { definition: {}, dry_run: {}, alarm_arn: "", created_at: ago(9), asked_at: ago(9) };
  await openIncident({
    status: "monitoring",
    alarm_proposals: [
      { ...alarm, id: 1, name: "waiting", state: "proposed", decided_by: "", decided_at: null },
      { ...alarm, id: 2, name: "unwanted", state: "declined", decided_by: "user:bo", decided_at: ago(5) },
      { ...alarm, id: 3, name: "being-made", state: "approved", decided_by: "user:ria", decided_at: ago(1) },
    ],
  });

  const alarms = screen.getByRole("region", { name: "New alarms" });
  expect(alarms).toHaveTextContent(/waitingProposedwaits for a click in the console, asked \d+ s ago/);
  expect(alarms).toHaveTextContent(/unwantedDeclineddeclined by user:bo, /);
  expect(alarms).toHaveTextContent(/being-madeApprovedwanted by user:ria, /);
});

test("the side tells times, facts, duplicates and history, the newest first", async () => {
  await openIncident({
    cost_usd: "1.500000",
    stage_runs: [stageRun("triage", { input_tokens: 1500, output_tokens: 500 })],
    time_to_pull_request: { total_seconds: 100, agents_seconds: 40, people_seconds: 60 },
    duplicate_of: 2,
    duplicates: [{ id: 9, title: "The same", status: "duplicate", first_seen_at: ago(10) }],
    pull_request: pullRequest({ state: "merged", merge_commit: "fedcba9876543210" }),
    transitions: [
      { id: 1, source: "", target: "open", actor: "system:intake", reason: "", at: ago(185) },
      { id: 2, source: "open", target: "triaging", actor: "agent:triage", reason: "it is real", at: ago(180) },
    ],
  });

  const side = within(screen.getByRole("complementary"));
  expect(side.getByRole("region", { name: "Time to pull request" })).toHaveTextContent(
    "1 min 40 sagents 40 s · people 1 min",
  );
  const facts = side.getByRole("region", { name: "Facts" });
  expect(facts).toHaveTextContent("$1.50 · 2K tokens");
  expect(facts).toHaveTextContent("Deployed0123456789Pull request#12, merged as fedcba9876");
  expect(facts).toHaveTextContent("Propose, people decide from HIGH");
  expect(side.getByRole("link", { name: "#2" })).toHaveAttribute("href", "/incidents/2");
  expect(side.getByRole("link", { name: "#9 The same" })).toHaveAttribute("href", "/incidents/9");
  expect(side.getByRole("region", { name: "History" })).toHaveTextContent(
    /Triagingit is real.* · agent:triageOpen.* · system:intake/,
  );
});

test("text from outside is text wherever it stands", async () => {
  await openIncident({
    title: HOSTILE,
    status: "needs_human",
    status_reason: HOSTILE,
    stage_runs: [
      stageRun("diagnosis", { output: { ...DIAGNOSIS, title: HOSTILE, root_cause: HOSTILE, gaps: [HOSTILE] } }),
      stageRun("owners", { output: { owners: [HOSTILE], missing: "" } }),
    ],
    fixes: [fix({ rationale: HOSTILE, review: { ...REVIEW, summary: HOSTILE } })],
    transitions: [{ id: 1, source: "", target: "open", actor: "system:intake", reason: HOSTILE, at: ago(5) }],
  });

  expect(screen.getByRole("heading", { level: 1, name: HOSTILE })).toBeVisible();
  expect(
    screen.getAllByText((_text, element) => element?.textContent.includes(HOSTILE) ?? false).length,
  ).toBeGreaterThan(6);
  expect(document.querySelector("main script, main img")).toBeNull();
});

test("a change shows as it happens, and another incident's does not disturb", async () => {
  const before = serveIncident(incident({ status: "triaging" }));
  openPage("/incidents/7");
  await screen.findByText("Triaging");
  (await liveFeed()).join(1);
  await waitFor(() => {
    expect(before).toHaveLength(2);
  });

  FakeWebSocket.newest.tell(8, "fixing", 2);
  FakeWebSocket.newest.tell(7, "diagnosing", 3);
  const after = serveIncident(incident({ status: "diagnosing" }));

  expect(await screen.findByText("Diagnosing")).toBeVisible();
  FakeWebSocket.newest.tell(8, "fixing", 4);
  await new Promise((resume) => setTimeout(resume, 1200));
  expect(after).toHaveLength(1);
});

test("an incident that cannot be read again stays, with its age", async () => {
  await openIncident();
  takeDown();
  (await liveFeed()).join(1);

  expect(await screen.findByText("The server cannot be reached")).toBeVisible();
  expect(screen.getByRole("heading", { level: 1, name: "TypeError in checkout" })).toBeVisible();
});

test("a number that no incident has says so", async () => {
  openPage("/incidents/404");

  expect(await screen.findByRole("heading", { name: "There is no such thing" })).toBeVisible();
});

test.each(["/incidents/seven", "/incidents/-1"])("%s is no incident, and the server is not asked", async (address) => {
  const asked = serve("/api/incidents/:id/", () => incident());
  openPage(address);

  expect(await screen.findByRole("heading", { name: "There is no such thing" })).toBeVisible();
  expect(asked).toEqual([]);
});

test("the page says which alarms and errors belong to the incident", async () => {
  serveIncident(
    incident({
      error_fingerprint_parts: { recipe: "error/1", type: "TypeError", message: "", frames: ["src/a.js f", "src/b.js g"] },
    }),
  );
  openPage("/incidents/7");

  const section = await screen.findByRole("region", { name: "What belongs to it" });
  expect(within(section).getByText("us-east-1")).toBeVisible();
  expect(within(section).getByText("src/a.js f, src/b.js g")).toBeVisible();
  expect(within(section).queryByText("error/1")).toBeNull();
  expect(within(section).queryByText("Message")).toBeNull();
});
