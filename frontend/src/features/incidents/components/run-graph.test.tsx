import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { serve } from "@/testing/api";
import { openIncident } from "@/testing/render-app";
import { ago, fix, HOSTILE, REPORT, stageRun } from "@/testing/rows";

test("the run shows which stages are done, go on, failed and come", async () => {
  await openIncident({
    stage_runs: [
      stageRun("triage"),
      stageRun("logs", { status: "failed" }),
      stageRun("commits"),
      stageRun("similar", { status: "waiting" }),
      stageRun("diagnosis", { status: "running", started_at: ago(65), finished_at: null }),
      stageRun("logs", { attempt: 2 }),
    ],
  });

  const stages = screen.getAllByRole("button", { pressed: false }).map((button) => button.textContent);
  expect(stages).toEqual([
    "Triage4.0 s, succeeded",
    "Logs4.0 s, succeeded, round 2",
    "Commits4.0 s, succeeded",
    "Similar incidents4.0 s · waiting",
    expect.stringMatching(/^Diagnosis1 min \d+ s, running$/),
  ]);
  expect(within(screen.getByRole("group", { name: "Deliver" })).getAllByText("to come")).toHaveLength(5);
});

test("what an ended incident never came to is not to come", async () => {
  await openIncident({ is_open: false, status: "noise", stage_runs: [stageRun("triage")] });

  expect(within(screen.getByRole("group", { name: "Deliver" })).getAllByText("not run")).toHaveLength(5);
});

test("a trial shows its verdict, and whether it ran in a sandbox", async () => {
  await openIncident({
    stage_runs: [
      stageRun("fix"),
      stageRun("trial"),
      stageRun("fix", { attempt: 2 }),
      stageRun("trial", { attempt: 2 }),
      stageRun("fix", { attempt: 3 }),
      stageRun("trial", { attempt: 3 }),
    ],
    fixes: [
      fix({ id: 1, verdict: "weakened_tests", report: { ...REPORT, verdict: "weakened_tests" } }),
      fix({ id: 2, attempt: 2, report: { ...REPORT, is_isolated: false } }),
      fix({ id: 3, attempt: 3 }),
    ],
  });

  expect(screen.getByRole("button", { name: /^TrialWeakens tests/ })).toHaveAttribute("data-status", "failed");
  expect(screen.getByRole("button", { name: /^TrialFixed, not isolated .* round 2$/ })).toHaveAttribute(
    "data-status",
    "succeeded",
  );
  expect(screen.getByRole("button", { name: /^TrialFixed · 4.0 s, round 3$/ })).toBeVisible();
});

test("a pressed stage shows its particulars, and pressed again hides them", async () => {
  const person = await openIncident({
    stage_runs: [
      stageRun("diagnosis", {
        attempt: 2,
        claims: 2,
        status: "failed",
        exit_reason: "BudgetExceeded",
        error: "The budget of this incident is 1.00 USD.",
        model: "claude-opus-4-6",
        input_tokens: 12_345,
        output_tokens: 678,
        cost_usd: "0.420000",
        queue_seconds: 3,
        output: { partial: true },
      }),
    ],
  });
  const stage = screen.getByRole("button", { name: /^Diagnosis.*failed/ });

  await person.click(stage);

  const particulars = screen.getByRole("region", { name: "Diagnosis, particulars" });
  for (const text of ["took 4.0 s", "queued 3.0 s", "taken up 2 times", "model claude-opus-4-6", "cost $0.420"]) {
    expect(particulars).toHaveTextContent(text);
  }
  expect(particulars).toHaveTextContent("tokens 12.3K in, 678 out");
  expect(within(particulars).getByText("BudgetExceeded")).toBeVisible();
  expect(within(particulars).getByRole("alert")).toHaveTextContent("The budget of this incident is 1.00 USD.");
  await person.click(within(particulars).getByText("What it handed on"));
  expect(await within(particulars).findByText(/"partial": true/)).toBeVisible();

  expect(stage).toHaveAttribute("aria-pressed", "true");
  await person.click(stage);
  expect(particulars).not.toBeInTheDocument();
});

test("a stage that is taken up again has not ended, whatever its end was before", async () => {
  const person = await openIncident({
    stage_runs: [stageRun("triage", { status: "running", started_at: ago(65), finished_at: ago(60), claims: 2 })],
  });
  const stage = screen.getByRole("button", { name: /^Triage/ });
  expect(stage).toHaveTextContent(/1 min \d+ s, running/);

  await person.click(stage);
  expect(screen.getByRole("region", { name: "Triage, particulars" })).toHaveTextContent(/running for 1 min \d+ s/);
});

test("a run that failed shows every output that was refused, and what was wrong with it", async () => {
  const person = await openIncident({
    stage_runs: [
      stageRun("fix", {
        candidate: 2,
        status: "failed",
        exit_reason: "OutputRefused",
        error: "The last one names a function that does not exist.",
        refused_outputs: [
          { step: 3, output: { edits: [] }, problems: "edits: there are none" },
          { step: 5, output: { name: HOSTILE }, problems: `no such function: ${HOSTILE}` },
        ],
      }),
      stageRun("fix"),
    ],
  });
  await person.click(screen.getByRole("button", { name: /^Fix, candidate 2.*failed/ }));

  const particulars = within(screen.getByRole("region", { name: "Fix, particulars" }));
  expect(particulars.getByText("Fix, candidate 2")).toBeVisible();
  expect(particulars.getByText("Refused: 2 outputs")).toBeVisible();
  expect(particulars.getByRole("alert", { name: "Message 4 was refused" })).toHaveTextContent("edits: there are none");
  expect(particulars.getByText(`no such function: ${HOSTILE}`)).toBeVisible();
  const [, last] = particulars.getAllByText("What it wanted to hand on");
  await person.click(last as HTMLElement);
  expect(await particulars.findByRole("group", { name: "Refused in message 6" })).toHaveTextContent('"name"');
});

test("the transcript is read when it is unfolded", async () => {
  const asked = serve("/api/incidents/7/steps/", () => [
    {
      id: 1,
      stage_run: 1,
      number: 0,
      role: "user",
      content: "Find the cause.",
      stop_reason: "",
      usage: {},
      cost_usd: "0.000000",
      created_at: ago(90),
    },
    {
      id: 2,
      stage_run: 1,
      number: 1,
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Where is total()?" },
        { type: "text", text: `I look at ${HOSTILE}` },
        { type: "tool_use", id: "t1", name: "read_file", input: { path: "src/checkout.js" } },
        { type: "new_kind", of: "block" },
      ],
      stop_reason: "max_tokens",
      usage: {},
      cost_usd: "0.012000",
      created_at: ago(89),
    },
    {
      id: 3,
      stage_run: 1,
      number: 2,
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "t1", content: "\u001b[31mno such file\u001b[0m", is_error: true }],
      stop_reason: "",
      usage: {},
      cost_usd: "0.000000",
      created_at: ago(88),
    },
  ]);
  const run = stageRun("diagnosis", { step_count: 3 });
  const person = await openIncident({ stage_runs: [run] });
  await person.click(screen.getByRole("button", { name: /^Diagnosis/ }));
  expect(asked).toEqual([]);

  await person.click(screen.getByText("Transcript, 3 messages"));

  expect(await screen.findByText("Find the cause.")).toBeVisible();
  expect(asked).toEqual([`stage_run=${run.id}`]);
  expect(screen.getByText(`I look at ${HOSTILE}`)).toBeVisible();
  expect(screen.getByText(/\$0\.012 · max tokens/)).toBeVisible();
  expect(screen.getByText(/"new_kind"/)).toBeVisible();
  await person.click(screen.getByText("read_file"));
  expect(await screen.findByText(/"path": "src\/checkout.js"/)).toBeVisible();
  await person.click(screen.getByText("Result: an error"));
  expect(await screen.findByText("no such file")).toBeVisible();
  await person.click(screen.getByText("Thinking"));
  expect(await screen.findByText("Where is total()?")).toBeVisible();
});

test("a transcript that cannot be read says why", async () => {
  serve("/api/incidents/7/steps/", () => ({}), 403);
  const person = await openIncident({ stage_runs: [stageRun("review", { step_count: 2 })] });
  await person.click(screen.getByRole("button", { name: /^Review/ }));
  await person.click(screen.getByText("Transcript, 2 messages"));

  expect(await screen.findByRole("alert", { name: "This is not for you" })).toBeVisible();
});
