import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { api } from "@/testing/api";
import { openIncident } from "@/testing/render-app";
import { approval, fix, HOSTILE } from "@/testing/rows";

const WAITING = { status: "awaiting_approval", approvals: [approval()], fixes: [fix()] } as const;

type Sent = { kind: string; token: string | null; body: unknown };

/** Answer both decisions with `status`, and return what was sent. */
function decisions(status = 200, detail = ""): Sent[] {
  const sent: Sent[] = [];
  api.use(
    http.post("/api/approvals/3/:kind/", async ({ request, params }) => {
      sent.push({
        kind: String(params.kind),
        token: request.headers.get("X-CSRFToken"),
        body: await request.json(),
      });
      return HttpResponse.json({ detail }, { status });
    }),
  );
  return sent;
}

async function open() {
  const person = await openIncident({ ...WAITING, approvals: [...WAITING.approvals], fixes: [...WAITING.fixes] });
  const question = within(screen.getByRole("alert", { name: "This fix waits for a decision" }));
  await question.findByRole("button", { name: "Approve…" });
  return { person, question };
}

test("an approval is of exactly the bytes that are shown", async () => {
  document.cookie = "csrftoken=token-of-ada; path=/";
  const sent = decisions();
  const { person, question } = await open();
  await person.click(question.getByRole("button", { name: "Approve…" }));
  await person.type(question.getByLabelText("Comment"), "Read.");
  await person.click(question.getByRole("button", { name: "Approve and open the pull request" }));

  expect(await question.findByText("Your decision is recorded: approve.")).toBeVisible();
  expect(sent).toEqual([
    { kind: "approve", token: "token-of-ada", body: { diff_sha256: "ab", comment: "Read.", may_merge: false } },
  ]);
});

test("a rejection needs a reason and a comment", async () => {
  const sent = decisions();
  const { person, question } = await open();
  await person.click(question.getByRole("button", { name: "Reject…" }));
  await person.click(question.getByRole("button", { name: "Reject" }));
  expect(question.getByText("Say what is wrong with it.")).toBeVisible();
  expect(sent).toEqual([]);

  await person.click(question.getByRole("combobox", { name: "Reason" }));
  await person.click(await screen.findByRole("option", { name: "Fix incomplete" }));
  await person.type(question.getByRole("textbox", { name: "Comment" }), "Empty carts, too.");
  await person.click(question.getByRole("button", { name: "Reject" }));

  expect(await question.findByText("Your decision is recorded: reject.")).toBeVisible();
  expect(sent[0]?.body).toEqual({
    diff_sha256: "ab",
    reason: "fix_incomplete",
    comment: "Empty carts, too.",
    better_diff: "",
  });
});

test("a decision that did not count says why, and nothing of it is markup", async () => {
  decisions(409, `Approved by grace before. ${HOSTILE}`);
  const { person, question } = await open();
  await person.click(question.getByRole("button", { name: "Approve…" }));
  await person.click(question.getByRole("button", { name: "Approve and open the pull request" }));

  const refused = await screen.findByRole("alert", { name: "Your decision was not counted" });
  expect(refused).toHaveTextContent(`Approved by grace before. ${HOSTILE}`);
  expect(refused.querySelector("script, img")).toBeNull();
});
