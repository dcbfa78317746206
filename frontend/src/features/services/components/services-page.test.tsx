import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import type { RouteTest } from "@/api/types";
import { serve, serveMe, take } from "@/testing/api";
import { liveFeed, openPage } from "@/testing/render-app";
import { ago, HOSTILE, serviceSettings } from "@/testing/rows";

function routeTest(change: Partial<RouteTest> = {}): RouteTest {
  return {
    disposition: "opened",
    reason: "orders claims it by the pattern 'orders-*'; no open incident has its account, region and alarm",
    alarm: {
      name: "orders-errors",
      state: "ALARM",
      account: "123456789012",
      region: "us-east-1",
      state_changed_at: "2026-11-24T04:00:00+00:00",
    },
    service: { id: 1, name: "orders", mode: "propose" },
    incident: null,
    resolves: false,
    known_event: null,
    pause: null,
    hold: "",
    remarks: [],
    ...change,
  };
}

/** Paste a payload and ask where it would go. */
async function ask(answer: RouteTest | object, status = 200) {
  serve("/api/services/", () => [serviceSettings()]);
  const taken = take("post", "/api/route-test/", () => ({ ...answer }), status);
  const person = openPage("/services");
  // A person pastes; typing would read braces as keys.
  fireEvent.change(await screen.findByLabelText("Payload"), { target: { value: '{"AlarmName": "a"}' } });
  await person.click(screen.getByRole("button", { name: "Where would it go?" }));
  return taken;
}

test("each service leads to its settings", async () => {
  serve("/api/services/", () => [serviceSettings({ mode: "observe" })]);
  openPage("/services");

  expect(await screen.findByRole("link", { name: "orders" })).toHaveAttribute("href", "/services/1");
  const row = within(screen.getByRole("table")).getByRole("row", { name: /orders/ });
  expect(row).toHaveTextContent("ordersorders-*acme/ordersobserveHIGHpeople1");
});

test("without services it is said what becomes of alarms", async () => {
  openPage("/services");

  expect(await screen.findByText("There is none, so every alarm stays unrouted.")).toBeVisible();
});

test("a pasted alarm says where it would go and why", async () => {
  const taken = await ask(routeTest());

  const answer = await screen.findByText("It would open an incident");
  expect(answer).toBeVisible();
  expect(screen.getByText(/claims it by the pattern 'orders-\*'/)).toBeVisible();
  expect(taken[0]?.body).toEqual({ payload: '{"AlarmName": "a"}' });
});

test("what it would join, end or wait for is named", async () => {
  await ask(
    routeTest({
      disposition: "ok",
      incident: { id: 7, title: "orders-errors", status: "triaging" },
      resolves: true,
      known_event: 12,
      service: { id: 1, name: "orders", mode: "observe" },
      pause: { reason: "deploy freeze", started_by: "user:ada", started_at: ago(5) },
      hold: "Waiting: 1 incidents of orders entered",
      remarks: ["A real delivery would be refused: not one of our topics"],
    }),
  );

  expect(await screen.findByText("Delivered before as event 12: nothing more would happen")).toBeVisible();
  expect(screen.getByRole("link", { name: "#7 orders-errors" })).toHaveAttribute("href", "/incidents/7");
  for (const said of [/would be resolved at once/, /deploy freeze/, /Waiting: 1/, /refused: not one/, /only observed/]) {
    expect(screen.getByText(said)).toBeVisible();
  }
});

test("an alarm of nobody is said to be nobody's, as text", async () => {
  await ask(routeTest({ disposition: "unrouted", service: null, reason: `No service has a pattern for ${HOSTILE}` }));

  expect(await screen.findByText("It would stay unrouted until a person routes it")).toBeVisible();
  expect(screen.getByText(/<script>alert/)).toBeVisible();
  expect(document.querySelector("script")).toBeNull();
});

test("a payload that cannot be read is refused at its field, in the server's words", async () => {
  await ask({ payload: ["This is not JSON: expected value at line 1 column 1."] }, 400);

  expect(await screen.findByText(/This is not JSON: expected value/)).toBeVisible();
  expect(screen.getByLabelText("Payload")).toBeInvalid();
});

test("a payload that is too large is refused at its field", async () => {
  await ask({ detail: "This is larger than 512 KiB; SNS delivers 256 KiB at most." }, 413);

  expect(await screen.findByText(/larger than 512 KiB/)).toBeVisible();
});

test("a test that nobody answers says so", async () => {
  await ask({ detail: "oh" }, 502);

  expect(await screen.findByRole("alert")).toHaveTextContent("The server failed");
});

test("who may changes a setting, and only that is sent", async () => {
  document.cookie = "csrftoken=abc123; path=/";
  serve("/api/services/1/", () => serviceSettings());
  const taken = take("patch", "/api/services/1/", () => serviceSettings({ alarm_patterns: ["orders-*", "shop-*"] }));
  const person = openPage("/services/1");
  const field = await screen.findByLabelText("Alarm patterns");
  expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();

  await person.type(field, "\nshop-*");
  await person.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText(/^Saved/)).toBeVisible();
  expect(taken).toEqual([{ body: { alarm_patterns: ["orders-*", "shop-*"] }, token: "abc123" }]);
});

test("what the server refuses stands at its field, and what was typed stays", async () => {
  serve("/api/services/1/", () => serviceSettings());
  take("patch", "/api/services/1/", () => ({ repository: ["Write it as owner/name."] }), 400);
  const person = openPage("/services/1");
  const field = await screen.findByLabelText("Repository");

  await person.clear(field);
  await person.type(field, "orders");
  await person.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText("Write it as owner/name.")).toBeVisible();
  expect(field).toBeInvalid();
  expect(field).toHaveValue("orders");
  await person.click(screen.getByRole("button", { name: "Undo" }));
  expect(field).toHaveValue("acme/orders");
});

test("what somebody else changed meanwhile is shown and not undone by a save", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  serve("/api/services/1/", () => serviceSettings({ approval_threshold: "HIGH" }));
  const taken = take("patch", "/api/services/1/", () => serviceSettings());
  const person = openPage("/services/1");
  await person.type(await screen.findByLabelText("Alarm patterns"), "\nshop-*");

  // Without a live feed the page asks by itself every ten seconds.
  serve("/api/services/1/", () => serviceSettings({ approval_threshold: "LOW" }));
  (await liveFeed()).end();
  await vi.advanceTimersByTimeAsync(10_000);

  await waitFor(() => {
    expect(screen.getByRole("combobox", { name: /threshold/i })).toHaveValue("LOW");
  });
  await person.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/^Saved/)).toBeVisible();
  expect(taken[0]?.body).toEqual({ alarm_patterns: ["orders-*", "shop-*"] });
});

test("paths that raise the risk are added and removed", async () => {
  serve("/api/services/1/", () =>
    serviceSettings({ risk_patterns: [{ pattern: "src/old/*", risk: "LOW", why: "old" }] }),
  );
  const taken = take("patch", "/api/services/1/", () => serviceSettings());
  const person = openPage("/services/1");

  await person.click(await screen.findByRole("button", { name: "Add a path" }));
  await person.type(screen.getByLabelText("Pattern 2"), "src/ledger/*");
  await person.click(screen.getByRole("combobox", { name: "Risk of pattern 2" }));
  await person.click(await screen.findByRole("option", { name: "CRITICAL" }));
  await person.type(screen.getByLabelText("Reason of pattern 2"), "money");
  await person.click(screen.getByRole("button", { name: "Remove pattern 1" }));
  await person.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText(/^Saved/)).toBeVisible();
  expect(taken[0]?.body).toEqual({ risk_patterns: [{ pattern: "src/ledger/*", risk: "CRITICAL", why: "money" }] });
});

test("who may not change settings reads them", async () => {
  serveMe({ may_change_services: false });
  serve("/api/services/1/", () => serviceSettings());
  openPage("/services/1");

  expect(await screen.findByText("Your account may read these settings and not change them.")).toBeVisible();
  expect(screen.getByLabelText("Repository")).toHaveAttribute("readonly");
  expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
});

test.each(["/services/nothing", "/services/9"])("a service that is not there says so: %s", async (address) => {
  serve("/api/services/9/", () => ({ detail: "Not found." }), 404);
  openPage(address);

  expect(await screen.findByRole("heading", { name: "There is no such thing" })).toBeVisible();
});
