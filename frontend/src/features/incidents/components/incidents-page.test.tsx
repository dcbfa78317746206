import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { api, bringBack, failWith, serve, serveRows, serveSummary, takeDown } from "@/testing/api";
import { FakeWebSocket } from "@/testing/fake-web-socket";
import { liveFeed, openPage } from "@/testing/render-app";
import { ago, incident, incidentRow, pullRequest } from "@/testing/rows";

const timed = (total: number, people: number) => ({
  incident: 1,
  title: "",
  time: { total_seconds: total, agents_seconds: total - people, people_seconds: people },
});

test("a row tells where its incident stands", async () => {
  serveRows({
    title: "Timeouts",
    severity: "P0",
    status: "fixing",
    occurrences: 1204,
    cost_usd: "1.250000",
    unfinished_stages: [
      { stage: "prepare", attempt: 1, candidate: 1, status: "running", started_at: ago(65) },
      { stage: "logs", attempt: 1, candidate: 1, status: "waiting", started_at: ago(65) },
    ],
  });
  openPage("/");

  const row = await screen.findByRole("row", { name: /Timeouts/ });

  const texts = within(row)
    .getAllByRole("cell")
    .map((cell) => cell.textContent);
  expect(texts).toEqual([
    "P0",
    "Timeouts#7 · orders",
    "Fixing",
    expect.stringMatching(/^Sandbox 1 min \d+ s$/),
    "×1,204",
    "3 min",
    "$1.25",
  ]);
  expect(document.title).toBe("Incidents · agent-platform");
});

test("a row shows its pull request, or why it stands still", async () => {
  serveRows(
    { id: 1, title: "One", status: "pr_open", pull_request: pullRequest() },
    { id: 2, title: "Two", status: "needs_human", status_reason: "No fix passed its tests." },
    { id: 3, title: "Three", pull_request: pullRequest({ number: 13, url: "javascript:alert(1)" }) },
  );
  openPage("/");

  expect(await screen.findByRole("link", { name: /#12 open/ })).toHaveAttribute(
    "href",
    "https://code.example/acme/orders/pull/12",
  );
  expect(screen.getByText("No fix passed its tests.")).toBeVisible();
  expect(screen.getByText(/#13 open/).closest("a")).toBeNull();
});

test("a row leads to its incident, and the keyboard goes on there", async () => {
  serveRows({ id: 7, title: "TypeError in checkout" });
  serve("/api/incidents/7/", () => incident());
  const person = openPage("/");

  await person.click(await screen.findByRole("link", { name: "TypeError in checkout" }));

  expect(await screen.findByRole("heading", { level: 1, name: "TypeError in checkout" })).toBeVisible();
  expect(window.location.pathname).toBe("/incidents/7");
  expect(screen.getByRole("main")).toHaveFocus();
});

test("a title from outside is text, and hides nothing", async () => {
  serveRows({ title: '<img src=x onerror="alert(1)"> \u202e' });
  openPage("/");

  expect(await screen.findByText('<img src=x onerror="alert(1)"> \ufffd')).toBeVisible();
  expect(document.querySelector("img")).toBeNull();
});

test("the tiles count what is open and what waits for a person", async () => {
  serveSummary({
    open_incidents: 5,
    counts: [
      { status: "resolved", count: 12 },
      { status: "awaiting_approval", count: 2 },
      { status: "needs_human", count: 1 },
    ],
    waiting: [
      { service: "orders", count: 3, incidents_per_hour: 5 },
      { service: "carts", count: 1, incidents_per_hour: 5 },
    ],
    spent_today_usd: "3.500000",
    times_to_pull_request: [timed(90, 0), timed(600, 480), timed(30, 0)],
  });
  openPage("/");

  await screen.findByText("12 resolved, 4 not begun");
  const tiles = screen.getAllByRole("term").map((term) => term.parentElement?.textContent);
  expect(tiles).toEqual([
    "Open512 resolved, 4 not begun",
    "Wait for a person32 to approve, 1 stuck",
    "Time to first PR1 min 30 smedian of 3, people 0 s",
    "Spent today$3.50of $50.00 for model calls",
  ]);
});

test("a pause is said, with who began it and why", async () => {
  serveSummary({ pause: { reason: "CloudWatch is being moved.", started_by: "user:grace", started_at: ago(200) } });
  openPage("/");

  expect(await screen.findByRole("alert", { name: "The pipeline is paused" })).toHaveTextContent(
    "CloudWatch is being moved. Paused by grace 3 min ago; alarms are still stored.",
  );
});

test("before the first alarm the list says where alarms come from", async () => {
  openPage("/");

  expect(await screen.findByText("No incidents yet")).toBeVisible();
  expect(screen.getByText(/\/webhooks\/sns\//)).toBeVisible();
});

test("the filters in the address are asked for, without what is unknown", async () => {
  const asked = serveRows({ title: "Timeouts" });
  openPage("/?status=fixing&status=open&status=exploded&severity=P0&service=orders&search=cart&show=ended&page=2");

  expect(await screen.findByText("Timeouts")).toBeVisible();

  expect(new Set(asked[0]?.split("&"))).toEqual(
    new Set(["status=open", "status=fixing", "severity=P0", "service=orders", "search=cart", "open=false"]),
  );
  expect(screen.getByRole("searchbox", { name: "Search titles" })).toHaveValue("cart");
  expect(screen.getByRole("radio", { name: "Ended" })).toBeChecked();
  expect(screen.getByRole("combobox", { name: "Service" })).toHaveValue("orders");
});

test("what is chosen goes into the address and narrows the list", async () => {
  serve("/api/incidents/", (query) => ({
    next: null,
    previous: null,
    results: [incidentRow({ title: query.get("severity") === "P0" && query.has("open") ? "Timeouts" : "Anything" })],
  }));
  serve("/api/services/", () => [incident().service]);
  const person = openPage("/");
  await screen.findByText("Anything");

  await person.click(screen.getByRole("combobox", { name: "Severity" }));
  await person.click(await screen.findByRole("option", { name: "P0" }));
  await person.click(screen.getByRole("radio", { name: "Open" }));
  expect(await screen.findByText("Timeouts")).toBeVisible();
  expect(window.location.search).toBe("?severity=P0&show=open");

  await person.click(screen.getByRole("combobox", { name: "Service" }));
  await person.click(await screen.findByRole("option", { name: "orders" }));
  await waitFor(() => {
    expect(window.location.search).toBe("?severity=P0&service=orders&show=open");
  });

  await person.click(screen.getByRole("button", { name: "Clear" }));
  expect(await screen.findByText("Anything")).toBeVisible();
  expect(window.location.search).toBe("");
});

test("the rows from before stay until the narrowed list is there", async () => {
  serveRows({ title: "Anything" });
  const person = openPage("/");
  await screen.findByText("Anything");
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  api.use(
    http.get("/api/incidents/", async () => {
      await answered;
      return HttpResponse.json({ next: null, previous: null, results: [incidentRow({ title: "Timeouts" })] });
    }),
  );

  await person.click(screen.getByRole("radio", { name: "Open" }));
  await waitFor(() => {
    expect(screen.getByText("Anything").closest("[aria-busy]")).toHaveAttribute("aria-busy", "true");
  });
  answer();

  const row = await screen.findByText("Timeouts");
  expect(row.closest("[aria-busy]")).toHaveAttribute("aria-busy", "false");
  expect(screen.queryByText("Anything")).toBeNull();
});

test("what is typed is searched for, and never undone by what comes back late", async () => {
  const asked = serveRows({ title: "Timeouts" });
  const person = openPage("/");
  const field = await screen.findByRole("searchbox", { name: "Search titles" });
  const values: string[] = [];
  const observer = new MutationObserver(() => values.push(field.getAttribute("value") ?? ""));
  observer.observe(field, { attributes: true, attributeFilter: ["value"] });

  await person.type(field, "empty cart ");
  await waitFor(() => {
    expect(window.location.search).toBe("?search=empty+cart");
  });
  await person.type(field, "now");
  await waitFor(() => {
    expect(window.location.search).toBe("?search=empty+cart+now");
  });

  observer.disconnect();
  expect(field).toHaveValue("empty cart now");
  expect(values).toEqual([...values].sort((one, other) => one.length - other.length));
  await waitFor(() => {
    expect(asked.at(-1)).toBe("search=empty+cart+now");
  });
});

test("clearing the filters clears the search field, too", async () => {
  serve("/api/incidents/", (query) => ({
    next: null,
    previous: null,
    results: query.has("search") ? [] : [incidentRow()],
  }));
  const person = openPage("/?search=nothing");

  expect(await screen.findByText("No incident fits these filters")).toBeVisible();
  await person.click(screen.getByRole("button", { name: "Clear the filters" }));

  expect(await screen.findByText("TypeError in checkout")).toBeVisible();
  expect(screen.getByRole("searchbox", { name: "Search titles" })).toHaveValue("");
});

test("older incidents come page by page", async () => {
  serve("/api/incidents/", (query) =>
    query.get("cursor") === "c2" && query.get("page_size") === "200"
      ? { next: null, previous: null, results: [incidentRow({ id: 1, title: "Older" })] }
      : {
          next: "http://elsewhere/api/incidents/?cursor=c2",
          previous: null,
          results: [incidentRow({ id: 2, title: "Newer" })],
        },
  );
  const person = openPage("/");

  await person.click(await screen.findByRole("button", { name: "Show older incidents" }));

  expect(await screen.findByText("Older")).toBeVisible();
  expect(screen.getByText("Newer")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Show older incidents" })).toBeNull();
});

test("a list that cannot be read says so, and a second try shows it", async () => {
  serve("/api/incidents/", () => ({}), 502);
  const person = openPage("/");
  expect(await screen.findByRole("heading", { name: "The server failed" })).toBeVisible();

  serveRows({ title: "Timeouts" });
  await person.click(screen.getByRole("button", { name: "Try again" }));

  expect(await screen.findByText("Timeouts")).toBeVisible();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("who may not read incidents is told so, once", async () => {
  const asked = serve("/api/incidents/", () => ({ detail: "no" }), 403);
  openPage("/");

  expect(await screen.findByRole("heading", { name: "This is not for you" })).toBeVisible();
  expect(asked).toHaveLength(1);
});

test("a change shows in its row as it happens", async () => {
  serveRows({ id: 7, status: "triaging" }, { id: 8, title: "Another", status: "open" });
  openPage("/");
  expect(await screen.findByRole("cell", { name: "Triaging" })).toBeVisible();
  (await liveFeed()).join(4);
  expect(await screen.findByRole("status", { name: "Live feed: Live" })).toBeVisible();

  serveRows({ id: 7, status: "diagnosing" }, { id: 8, title: "Another", status: "open" });
  FakeWebSocket.newest.tell(7, "diagnosing", 5);

  expect(await screen.findByRole("cell", { name: "Diagnosing" })).toBeVisible();
  expect(screen.queryByRole("cell", { name: "Triaging" })).toBeNull();
});

test("a feed that was cut off asks with the last cursor, and what was missed shows", async () => {
  serveRows({ status: "triaging" });
  openPage("/");
  await screen.findByRole("cell", { name: "Triaging" });
  (await liveFeed()).join(4);
  FakeWebSocket.newest.tell(7, "triaging", 5);

  FakeWebSocket.newest.end();
  expect(await screen.findByText(/The live feed is cut off/)).toBeVisible();

  serveRows({ status: "resolved" });
  (await liveFeed(2)).join(9);
  expect(await screen.findByRole("cell", { name: "Resolved" })).toBeVisible();
  expect(FakeWebSocket.newest.sent).toEqual([{ type: "hello", cursor: 5 }]);
  expect(screen.queryByText(/The live feed is cut off/)).toBeNull();
});

test("without the feed the page asks every ten seconds, and shows how old it is while nobody answers", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  serveRows({ status: "triaging" });
  openPage("/");
  await screen.findByRole("cell", { name: "Triaging" });
  takeDown();
  FakeWebSocket.newest.end();
  await vi.advanceTimersByTimeAsync(10_000);

  expect(await screen.findByText("The server cannot be reached")).toBeVisible();
  expect(screen.getByText(/Shown is what was read/)).toBeVisible();
  expect(screen.getByRole("cell", { name: "Triaging" })).toBeVisible();

  bringBack();
  serveRows({ status: "diagnosing" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await screen.findByRole("cell", { name: "Diagnosing" })).toBeVisible();
  expect(screen.queryByText("The server cannot be reached")).toBeNull();
});

test("a narrowed list that cannot be read is not the list from before", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  serveRows({ title: "Anything" });
  const person = openPage("/");
  await screen.findByText("Anything");
  (await liveFeed()).join(4);

  serve("/api/incidents/", () => ({}), 500);
  await person.click(screen.getByRole("radio", { name: "Open" }));
  const problem = await screen.findByRole("heading", { name: "The server failed" });
  expect(screen.queryByText("Anything")).toBeNull();
  await vi.advanceTimersByTimeAsync(25_000);
  expect(problem).toBeInTheDocument();
});

test("a failure stays on the page while it is tried again by itself", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  serve("/api/incidents/", () => ({}), 500);
  openPage("/");
  const problem = await screen.findByRole("heading", { name: "The server failed" });
  (await liveFeed()).join(4);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(problem).toBeInTheDocument();

  serveRows({ title: "Timeouts" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await screen.findByText("Timeouts")).toBeVisible();
});

test("a session that ends while one reads takes the page away", async () => {
  serveRows({ title: "Secret" });
  openPage("/?severity=P1");
  await screen.findByText("Secret");

  failWith(401);
  (await liveFeed()).join(4);

  expect(await screen.findByRole("heading", { name: "Your session has ended" })).toBeVisible();
  expect(screen.queryByText("Secret")).toBeNull();
  expect(screen.getByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/login/?next=%2F%3Fseverity%3DP1");
});
