import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import type { EvalComparison, EvalResult, EvalRun, EvalRunRow } from "@/api/types";
import { serve } from "@/testing/api";
import { openPage } from "@/testing/render-app";
import { evalResult, evalRun, evalRunRow, figure, HOSTILE } from "@/testing/rows";

function serveRuns(...runs: EvalRunRow[]): string[] {
  return serve("/api/evals/runs/", () => ({ next: null, previous: null, results: runs }));
}

function serveRun(run: EvalRun, ...results: EvalResult[]): string[] {
  serve(`/api/evals/runs/${run.id}/`, () => run);
  return serve(`/api/evals/runs/${run.id}/cases/`, () => ({ next: null, previous: null, results }));
}

test("a run shows how much was answered before how well", async () => {
  serveRuns(evalRunRow());
  openPage("/evals");

  const row = await screen.findByRole("row", { name: /4 · triage/ });
  expect(row).toHaveTextContent("4 · triageclaude-testmodel90.0 %Accuracy 80.0 % [70.0 %, 87.0 %]$0.420");
  expect(screen.getByRole("link", { name: "4 · triage" })).toHaveAttribute("href", "/evals/4");
});

test("runs are narrowed down in the address", async () => {
  const asked = serveRuns(evalRunRow({ kind: "floor" }));
  const person = openPage("/evals?suite=triage");
  await screen.findByRole("row", { name: /4 · triage/ });

  await person.click(screen.getByRole("radio", { name: "Floors" }));

  expect(await screen.findByRole("row", { name: /4 · triage/ })).toBeVisible();
  expect(window.location.search).toBe("?suite=triage&kind=floor");
  expect(asked.at(-1)).toBe("suite=triage&kind=floor&page_size=50");
});

test("two runs of a suite are chosen and compared, the older one first", async () => {
  serveRuns(evalRunRow({ id: 5 }), evalRunRow({ id: 4 }), evalRunRow({ id: 3, suite: "fixes" }));
  const person = openPage("/evals");

  await person.click(await screen.findByRole("checkbox", { name: "Compare run 5" }));
  await person.click(screen.getByRole("checkbox", { name: "Compare run 3" }));
  expect(screen.getByText("Only runs of one suite can be compared.")).toBeVisible();
  await person.click(screen.getByRole("checkbox", { name: "Compare run 3" }));
  await person.click(screen.getByRole("checkbox", { name: "Compare run 4" }));

  expect(screen.getByRole("link", { name: "Compare run 4 with run 5" })).toHaveAttribute(
    "href",
    "/evals/compare?a=4&b=5",
  );
});

test("before anything was measured it is said how", async () => {
  serveRuns();
  openPage("/evals");

  expect(await screen.findByText("Nothing was measured yet")).toBeVisible();
});

test("one run shows its figures beside the floors, coverage first", async () => {
  serveRun(evalRun());
  openPage("/evals/4");

  const figures = await screen.findByRole("group", { name: "Figures" });
  const rows = within(within(figures).getByRole("table")).getAllByRole("row");
  expect(rows[1]).toHaveTextContent("Answeredhigher90.0 %100.0 %10");
  expect(rows[4]).toHaveTextContent("Accuracyhigher80.0 % [70.0 %, 87.0 %]55.0 %10");
});

test("a matrix, the calibration and the tags are tables", async () => {
  serveRun(evalRun());
  openPage("/evals/4");

  expect(await screen.findByRole("row", { name: "noise 2 5" })).toBeVisible();
  expect(screen.getByRole("row", { name: /90.0 % 75.0 % 12/ })).toBeVisible();
  expect(screen.getByRole("row", { name: /money 3 of 4 30.0 % to 95.0 %/ })).toBeVisible();
});

test("cases that were wrong come first, and lead to what was asked", async () => {
  const asked = serveRun(evalRun(), evalResult({ answer: { classification: "noise", reasoning: HOSTILE } }));
  const person = openPage("/evals/4");

  expect(await screen.findByRole("link", { name: "orders-slow" })).toHaveAttribute(
    "href",
    "/evals/cases/triage/orders-slow",
  );
  expect(asked).toEqual(["is_right=false"]);
  await person.click(screen.getByText("The whole answer"));
  expect(await screen.findByText(/<script>alert/)).toBeVisible();
  expect(document.querySelector("script")).toBeNull();
});

test("cases that nobody answered say why", async () => {
  const left = evalResult({ outcome: "abstained", is_right: null, exit_reason: "BudgetExceeded", error: "No money." });
  const asked = serveRun(evalRun(), left);
  const person = openPage("/evals/4");

  await person.click(await screen.findByRole("radio", { name: "Abstained" }));

  expect(await screen.findByText("BudgetExceeded: No money.")).toBeVisible();
  expect(asked.at(-1)).toBe("outcome=abstained");
  expect(window.location.search).toBe("?show=abstained");
});

test("a run that was stopped says so", async () => {
  serveRun(evalRun({ state: "stopped", state_reason: "The purse is empty.", figures: [] }));
  openPage("/evals/4");

  expect(await screen.findByText("This run is stopped")).toBeVisible();
  expect(screen.getByText("The purse is empty.")).toBeVisible();
});

function comparison(change: Partial<EvalComparison> = {}): EvalComparison {
  return {
    first: evalRunRow({ id: 4, model: "old" }),
    second: evalRunRow({ id: 5, model: "new", figures: [figure("accuracy", 0.9)] }),
    compared: {
      both: 70,
      only_first: 2,
      only_second: 12,
      neither: 6,
      total: 90,
      p_value: 0.0129,
      is_same_material: true,
    },
    differences: [
      {
        case_id: "orders-slow",
        is_first_right: false,
        expected: { classification: "real", severity: "P1" },
        first_answer: { classification: "noise" },
        second_answer: { classification: "real", severity: "P1" },
      },
    ],
    differences_count: 14,
    ...change,
  };
}

test("two runs compared say who was right, and whether that is more than chance", async () => {
  const asked = serve("/api/evals/compare/", () => comparison());
  openPage("/evals/compare?a=4&b=5");

  expect(await screen.findByRole("row", { name: "old right 70 2" })).toBeVisible();
  expect(screen.getByRole("row", { name: "old wrong 12 6" })).toBeVisible();
  expect(screen.getByText(/They do not err alike.*p = 0.0129/)).toBeVisible();
  expect(asked).toEqual(["a=4&b=5"]);
});

test("each case that one alone had right leads to its text", async () => {
  serve("/api/evals/compare/", () => comparison());
  openPage("/evals/compare?a=4&b=5");

  const row = await screen.findByRole("row", { name: /orders-slow/ });
  expect(row).toHaveTextContent("orders-slowreal, P1noisereal, P1new");
  expect(within(row).getByRole("link")).toHaveAttribute("href", "/evals/cases/triage/orders-slow");
  expect(screen.getByText("the first 1 of 14")).toBeVisible();
});

test("a difference that chance explains, or other cases, is said", async () => {
  serve("/api/evals/compare/", () =>
    comparison({ compared: { ...comparison().compared, p_value: 0.4, is_same_material: false } }),
  );
  openPage("/evals/compare?a=4&b=5");

  expect(await screen.findByText(/chance explains the difference/)).toBeVisible();
  expect(screen.getByText("The cases have changed between the runs")).toBeVisible();
});

test("two runs that cannot be compared say so", async () => {
  serve("/api/evals/compare/", () => ({ b: ["no answered case in common"] }), 400);
  openPage("/evals/compare?a=4&b=5");

  expect(await screen.findByText("These two cannot be compared")).toBeVisible();
});

test("a case shows what is put to the agents, as text", async () => {
  serve("/api/evals/cases/triage/orders-slow/", () => ({
    suite: "triage",
    case_id: "orders-slow",
    document: { notification: { AlarmName: HOSTILE }, service: "orders", explanation: "" },
  }));
  openPage("/evals/cases/triage/orders-slow");

  expect(await screen.findByRole("heading", { name: "Notification" })).toBeVisible();
  expect(screen.getByText(/<script>alert/)).toBeVisible();
  expect(screen.queryByRole("heading", { name: "Explanation" })).toBeNull();
  expect(document.querySelector("script")).toBeNull();
});

test.each(["/evals/nothing", "/evals/compare?a=4", "/evals/9"])("what is not there says so: %s", async (address) => {
  serve("/api/evals/runs/9/", () => ({ detail: "Not found." }), 404);
  openPage(address);

  expect(await screen.findByRole("heading", { name: "There is no such thing" })).toBeVisible();
});
