import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { serveIncident, serveMe } from "@/testing/api";
import { FakeWebSocket } from "@/testing/fake-web-socket";
import { liveFeed, openIncident } from "@/testing/render-app";
import { ago, approval, DIFF, fix, HOSTILE, incident, REPORT, REVIEW, stageRun } from "@/testing/rows";

test("a fix shows why, what the sandbox says, and its diff", async () => {
  await openIncident({ fixes: [fix({ warnings: ["It catches every error."] })] });

  const attempt = within(screen.getByRole("article", { name: "Round 1" }));
  expect(attempt.getByText("An empty cart has no items.")).toBeVisible();
  expect(attempt.getByText("Fixed")).toBeVisible();
  expect(attempt.queryByText("NOT ISOLATED")).toBeNull();
  expect(attempt.getByText(/41 other tests still pass, in 2.5 s on docker/)).toBeVisible();
  expect(attempt.getByText("test/checkout.test.js::empty cart")).toBeVisible();
  expect(attempt.getByRole("alert", { name: "Warnings" })).toHaveTextContent("It catches every error.");
  const diff = await attempt.findByRole("group", { name: "Changes of src/checkout.js" });
  const lines = within(diff)
    .getAllByRole("row")
    .map((row) => row.textContent);
  expect(lines).toContain("2  return cart.items.length;");
  expect(lines).toContain("2  return cart?.items?.length ?? 0;");
});

test("a verdict from outside a sandbox is marked", async () => {
  await openIncident({ fixes: [fix({ report: { ...REPORT, is_isolated: false } })] });

  expect(screen.getByText("NOT ISOLATED")).toBeVisible();
});

test("the newest attempt comes first, and only its diff is unfolded", async () => {
  const person = await openIncident({
    fixes: [
      fix({
        id: 1,
        verdict: "still_failing",
        report: {
          ...REPORT,
          verdict: "still_failing",
          still_failing: ["a::b"],
          failing_output: "\u001b[31mexpected 0\u001b[0m",
        },
      }),
      fix({ id: 2, attempt: 2, verdict: "", report: null }),
    ],
  });

  const [newest, oldest] = screen.getAllByRole("article");
  expect(newest).toHaveAccessibleName("Round 2");
  expect(within(newest as HTMLElement).getByText("Not tried yet")).toBeVisible();
  expect(await within(newest as HTMLElement).findByRole("figure")).toBeVisible();
  const old = within(oldest as HTMLElement);
  expect(old.getByRole("group", { name: "Failing output" })).toHaveTextContent(/^expected 0$/);
  expect(old.queryByRole("figure")).toBeNull();

  await person.click(old.getByText("Diff"));
  expect(await old.findByRole("figure", { name: "src/checkout.js" })).toBeVisible();
});

test("a diff that somebody reads stays unfolded when a newer attempt arrives", async () => {
  await openIncident({ fixes: [fix()] });
  const diff = await screen.findByRole("figure", { name: "src/checkout.js" });
  (await liveFeed()).join(1);

  serveIncident(incident({ fixes: [fix(), fix({ id: 2, attempt: 2, diff: DIFF.replaceAll("checkout", "cart") })] }));
  FakeWebSocket.newest.tell(7, "fixing", 2);

  expect(await screen.findByRole("figure", { name: "src/cart.js" })).toBeVisible();
  expect(diff.closest("details")).toHaveAttribute("open");
});

test("what hides in a diff is made visible, and none of it is markup", async () => {
  const hostile = DIFF.replace("cart?.items", `"\u202e${HOSTILE}\u001b]0;" + cart?.items`);
  await openIncident({ fixes: [fix({ diff: hostile })] });

  const diff = await screen.findByRole("group", { name: "Changes of src/checkout.js" });
  expect(diff).toHaveTextContent(`return "\ufffd${HOSTILE}␛]0;" + cart?.items?.length`);
  expect(document.querySelector("main script, main img")).toBeNull();
});

test("what is no diff is shown as text", async () => {
  await openIncident({ fixes: [fix({ diff: "Binary files differ" })] });

  expect(await screen.findByText("Binary files differ")).toBeVisible();
});

test("a diff of five megabytes is cut instead of holding the page up", async () => {
  const line = `+${"x".repeat(99)}\n`;
  await openIncident({ fixes: [fix({ diff: DIFF + line.repeat(50_000) })] });

  expect(await screen.findByText(/^This diff cannot be laid out \(5,\d{3},\d{3} characters\)/)).toBeVisible();
  expect(screen.getByRole("group", { name: "Diff" }).textContent.length).toBe(100_000);
});

test("what the sandbox says besides its verdict shows: flaky and changed tests, and no report of single ones", async () => {
  const report = { ...REPORT, flaky: ["clock.test.js::ticks"], changed_tests: ["cart.test.js::empty"], by_exit_code: true };
  await openIncident({ fixes: [fix({ report })] });

  expect(screen.getByText("clock.test.js::ticks")).toBeVisible();
  expect(screen.getByText("cart.test.js::empty")).toBeVisible();
  expect(screen.getByText(/Judged by the exit code of the test command alone/)).toBeVisible();
});

test("the candidate that was decided on comes first and open, and one that is the same change says so", async () => {
  const same = {
    status: "failed",
    exit_reason: "SameBytes",
    error: "Candidate 2 of round 1 is the same change; its trial counts.",
  } as const;
  await openIncident({
    status: "awaiting_approval",
    approvals: [approval({ fix: 2 })],
    fixes: [fix({ id: 1, verdict: "", report: null }), fix({ id: 2, candidate: 2 })],
    stage_runs: [
      stageRun("fix"),
      stageRun("trial", same),
      stageRun("fix", { candidate: 2 }),
      stageRun("trial", { candidate: 2 }),
    ],
  });

  const [decided, other] = screen.getAllByRole("article");
  expect(decided).toHaveAccessibleName("Round 1, candidate 2");
  expect(await within(decided as HTMLElement).findByRole("figure")).toBeVisible();
  expect(within(other as HTMLElement).getByText("Same change")).toBeVisible();
  expect(within(other as HTMLElement).getByText(same.error)).toBeVisible();
  expect(within(other as HTMLElement).queryByText("Not tried yet")).toBeNull();
  expect(screen.getByRole("button", { name: "Trial, candidate 1same change, not run" })).toBeVisible();
  expect(await screen.findByText(/You decide about round 1, candidate 2 as it is shown below/)).toBeVisible();
});

test("the candidate that is decided on opens on a page that was watched while it was written", async () => {
  const other = { candidate: 2, diff: DIFF.replaceAll("checkout", "cart") };
  const runs = [stageRun("fix"), stageRun("trial"), stageRun("fix", { candidate: 2 }), stageRun("trial", { candidate: 2 })];
  await openIncident({
    status: "fixing",
    fixes: [fix({ id: 1, verdict: "", report: null }), fix({ id: 2, ...other, verdict: "", report: null })],
    stage_runs: runs,
  });
  await screen.findByRole("figure", { name: "src/checkout.js" });
  expect(screen.queryByRole("figure", { name: "src/cart.js" })).toBeNull();
  (await liveFeed()).join(1);

  serveIncident(
    incident({
      status: "awaiting_approval",
      approvals: [approval({ fix: 2 })],
      fixes: [fix({ id: 1, verdict: "still_failing" }), fix({ id: 2, ...other })],
      stage_runs: runs,
    }),
  );
  FakeWebSocket.newest.tell(7, "awaiting_approval", 2);

  expect(await screen.findByText(/You decide about round 1, candidate 2 as it is shown below/)).toBeVisible();
  expect(await screen.findByRole("figure", { name: "src/cart.js" })).toBeVisible();
  expect(screen.getByRole("figure", { name: "src/checkout.js" })).toBeVisible();
});

test("each review stands with the round it speaks of", async () => {
  await openIncident({
    fixes: [
      fix({ id: 1, review: { ...REVIEW, decision: "request_changes", summary: "Too broad.", risk: "HIGH" } }),
      fix({ id: 2, attempt: 2, review: REVIEW }),
    ],
  });

  const first = within(screen.getByRole("region", { name: "Review of round 1" }));
  expect(first.getByText("Asks for changes.")).toBeVisible();
  expect(first.getByText("HIGH")).toBeVisible();
  const second = within(screen.getByRole("region", { name: "Review of round 2" }));
  expect(second.getByText("Approves.")).toBeVisible();
  expect(second.getByText(/Small and covered by a test./)).toBeVisible();
  expect(second.getByRole("listitem")).toHaveTextContent("MinorName the default. src/checkout.js:13");
});

test("a fix that waits for a person leads to where one decides", async () => {
  await openIncident({ status: "awaiting_approval", approvals: [approval()] });

  const alert = screen.getByRole("alert", { name: "This fix waits for a decision" });
  const question = within(alert);
  expect(question.getByText("It changes how money is counted.")).toBeVisible();
  expect(question.getByText("HIGH")).toBeVisible();
  expect(alert).toHaveTextContent(/asked \d+ s ago, expires /);
  expect(await question.findByRole("link", { name: "Open in the console" })).toHaveAttribute(
    "href",
    "/admin/approvals/approval/3/change/",
  );
});

test("who may not decide is told so", async () => {
  serveMe({ may_decide: false });
  await openIncident({ status: "awaiting_approval", approvals: [approval()] });

  expect(await screen.findByText(/Your account may not decide/)).toBeVisible();
  expect(screen.queryByRole("link", { name: "Open in the console" })).toBeNull();
});

test("a decision is kept with who took it and why", async () => {
  await openIncident({
    approvals: [
      approval({
        state: "rejected",
        decided_at: ago(5),
        decisions: [{ user: "grace", decision: "reject", reason: "not_wanted", comment: "We drop carts.", at: ago(5) }],
      }),
    ],
  });

  expect(screen.queryByRole("alert", { name: "This fix waits for a decision" })).toBeNull();
  const decided = within(screen.getByRole("region", { name: "Approval" }));
  expect(decided.getByRole("link", { name: "Rejected" })).toBeVisible();
  expect(decided.getByText("grace: reject, not wanted. We drop carts.")).toBeVisible();
});

test("candidates of one round are told apart in the list, by their attempts and by their reviews", async () => {
  await openIncident({
    stage_runs: [1, 2, 3].flatMap((candidate) => [stageRun("fix", { candidate }), stageRun("trial", { candidate })]),
    fixes: [
      fix({ id: 1, verdict: "still_failing", report: { ...REPORT, verdict: "still_failing" } }),
      fix({ id: 2, candidate: 2, review: REVIEW }),
      fix({ id: 3, candidate: 3, verdict: "", report: null }),
    ],
  });

  expect(screen.getByRole("button", { name: /^Fix, candidate 1/ })).toBeVisible();
  expect(screen.getByRole("button", { name: /^Trial, candidate 1Still failing/ })).toBeVisible();
  expect(screen.getByRole("button", { name: /^Trial, candidate 2Fixed/ })).toBeVisible();
  // The one that passed is the one that is gone on with, and comes first.
  expect(screen.getAllByRole("article").map((each) => each.getAttribute("aria-label"))).toEqual([
    "Round 1, candidate 2",
    "Round 1, candidate 1",
    "Round 1, candidate 3",
  ]);
  expect(screen.getByRole("region", { name: "Review of round 1, candidate 2" })).toBeVisible();
});

test("what a change can reach is listed, with links to the code and what is not certain", async () => {
  const person = await openIncident({
    fixes: [
      fix({
        blast_radius: {
          changed: ["total"],
          callers: [
            { path: "src/checkout.js", line: 13, name: "checkout", depth: 1, is_certain: true },
            { path: "src/cart.js", line: 2, name: HOSTILE, depth: 2, is_certain: false },
          ],
          contracts: ["POST /orders"],
          is_cut: true,
        },
      }),
    ],
    code_links: { "src/checkout.js:13": "https://code.example/checkout.js#L13" },
  });

  await person.click(screen.getByText("What it can reach: 2 callers, 1 contract and more"));

  const [near, far] = within(screen.getByRole("list", { name: "Callers" })).getAllByRole("listitem");
  expect(near).toHaveTextContent(/^checkout.*1 call away$/);
  expect(within(near as HTMLElement).getByRole("link", { name: /src\/checkout.js:13/ })).toHaveAttribute(
    "href",
    "https://code.example/checkout.js#L13",
  );
  expect(far).toHaveTextContent(`${HOSTILE}src/cart.js:22 calls away, by the method's name alone`);
  expect(screen.getByText("POST /orders")).toBeVisible();
  expect(screen.getByText("There is more than is listed.")).toBeVisible();
});

test("a change that nothing is known to call says so", async () => {
  await openIncident({ fixes: [fix({ blast_radius: { changed: ["total"], callers: [], contracts: [], is_cut: false } })] });

  expect(screen.getByText("What it can reach: no caller is known")).toBeVisible();
});
