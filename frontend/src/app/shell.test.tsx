import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { api, bringBack, failWith, serve, serveMe, serveRows, serveSummary, takeDown } from "@/testing/api";
import { FakeWebSocket } from "@/testing/fake-web-socket";
import { liveFeed, openPage } from "@/testing/render-app";
import { incidentRow } from "@/testing/rows";

test("who is not signed in is sent to sign in, and comes back to the same page", async () => {
  failWith(401);
  openPage("/?status=needs_human");

  expect(await screen.findByRole("heading", { name: "Your session has ended" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Sign in" })).toHaveAttribute(
    "href",
    "/login/?next=%2F%3Fstatus%3Dneeds_human",
  );
  expect(screen.queryByRole("main")).toBeNull();
  expect(FakeWebSocket.opened).toHaveLength(0);
});

test("a feed that is refused for want of a session takes the page away", async () => {
  serveRows({ title: "Secret" });
  openPage("/");
  await screen.findByText("Secret");
  const feed = await liveFeed();

  failWith(401);
  feed.accept();
  feed.end(4401);

  expect(await screen.findByRole("heading", { name: "Your session has ended" })).toBeVisible();
  expect(screen.queryByText("Secret")).toBeNull();
});

test("the feed is found at the port that the server names", async () => {
  serveMe({ live_port: 8001 });
  openPage("/");

  expect((await liveFeed()).url).toBe("ws://localhost:8001/ws/incidents/");
});

test("a feed that is not for this account leaves the page as it is", async () => {
  serveRows({ title: "Timeouts" });
  openPage("/");
  await screen.findByText("Timeouts");
  const feed = await liveFeed();
  feed.accept();
  feed.end(4403);

  expect(await screen.findByRole("status", { name: "Live feed: Not live" })).toBeVisible();
  expect(screen.getByText("Timeouts")).toBeVisible();
});

test("a server that is down is said, and comes back by itself", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  takeDown();
  openPage("/");
  expect(await screen.findByRole("heading", { name: "The server cannot be reached" })).toBeVisible();

  bringBack();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await screen.findByText("No incidents yet")).toBeVisible();
});

test("a second try is made at once by hand", async () => {
  failWith(503);
  const person = openPage("/");
  await screen.findByRole("heading", { name: "The server failed" });

  bringBack();
  await person.click(screen.getByRole("button", { name: "Try again" }));

  expect(await screen.findByText("No incidents yet")).toBeVisible();
});

test("an answer that is not JSON is a failure, not an empty page", async () => {
  api.use(http.get("/api/me/", () => HttpResponse.html("<h1>Welcome to the hotel</h1>")));
  openPage("/");

  expect(await screen.findByRole("heading", { name: "The server cannot be reached" })).toBeVisible();
});

test("without a network the page still asks: the server may be this machine", async () => {
  openPage("/");
  await screen.findByText("No incidents yet");
  window.dispatchEvent(new Event("offline"));
  serveRows({ title: "Timeouts" });
  (await liveFeed(2)).join(1);

  expect(await screen.findByText("Timeouts")).toBeVisible();
  window.dispatchEvent(new Event("online"));
});

test("an address that is no page says so", async () => {
  openPage("/no/such/page");

  expect(await screen.findByRole("heading", { name: "There is no such thing" })).toBeVisible();
});

test("a page that fails leaves what surrounds it", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
  serve("/api/incidents/", () => ({ next: null, previous: null, results: [{ id: 1 }] }));
  openPage("/");

  expect(await screen.findByRole("heading", { name: "This page failed" })).toBeVisible();
  expect(screen.getByRole("button", { name: "Account of Ada Lovelace" })).toBeVisible();
});

test("the menu leads staff to the console, and nobody else", async () => {
  const person = openPage("/");
  await person.click(await screen.findByRole("button", { name: "Account of Ada Lovelace" }));

  expect(await screen.findByRole("menuitem", { name: "Admin console" })).toHaveAttribute("href", "/admin/");
  expect(screen.getByRole("menuitem", { name: "API" })).toHaveAttribute("href", "/api/docs/");
});

test("the menu of others has no console", async () => {
  serveMe({ full_name: "", username: "bob", is_staff: false });
  const person = openPage("/");
  await person.click(await screen.findByRole("button", { name: "Account of bob" }));

  expect(await screen.findByRole("menuitem", { name: "Sign out" })).toBeVisible();
  expect(screen.queryByRole("menuitem", { name: "Admin console" })).toBeNull();
});

test("signing out posts the token of the cookie", async () => {
  document.cookie = "csrftoken=abc123; path=/";
  const sent: unknown[] = [];
  vi.spyOn(HTMLFormElement.prototype, "submit").mockImplementation(function (this: HTMLFormElement) {
    sent.push([this.method, this.getAttribute("action"), Object.fromEntries(new FormData(this))]);
  });
  const person = openPage("/");
  await person.click(await screen.findByRole("button", { name: /Account of/ }));
  await person.click(await screen.findByRole("menuitem", { name: "Sign out" }));

  expect(sent).toEqual([["post", "/logout/", { csrfmiddlewaretoken: "abc123" }]]);
});

test("light and dark change by a button, and the choice is kept", async () => {
  const person = openPage("/");
  await person.click(await screen.findByRole("button", { name: "Use dark colours" }));

  expect(document.documentElement).toHaveAttribute("data-mantine-color-scheme", "dark");
  expect(screen.getByRole("button", { name: "Use light colours" })).toBeVisible();
  expect(localStorage.getItem("mantine-color-scheme-value")).toBe("dark");
});

test("a keyboard can skip to the content", async () => {
  const person = openPage("/");
  await screen.findByRole("main");
  await person.tab();

  const skip = screen.getByRole("link", { name: "Skip to the content" });
  expect(skip).toHaveFocus();
  expect(document.querySelector(skip.getAttribute("href") ?? "")).toBe(screen.getByRole("main"));
});

test("what is being read when the feed answers is let finish, then read once more", async () => {
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const titles = ["First", "Second"];
  api.use(
    http.get("/api/incidents/", async () => {
      const title = titles.shift() ?? "Third";
      if (title === "First") await answered;
      else await new Promise((resume) => setTimeout(resume, 300));
      return HttpResponse.json({ next: null, previous: null, results: [incidentRow({ title })] });
    }),
  );
  openPage("/");
  const feed = await liveFeed();
  await waitFor(() => {
    expect(titles).toHaveLength(1);
  });
  feed.join(1);
  answer();

  expect(await screen.findByText("First")).toBeVisible();
  expect(await screen.findByText("Second")).toBeVisible();
});

test("the open page is marked among the pages", async () => {
  openPage("/services");

  const pages = await screen.findByRole("navigation", { name: "Pages" });
  expect(pages).toHaveTextContent("IncidentsOverviewEvaluationsServices");
  expect(screen.getByRole("link", { name: "Services" })).toHaveAttribute("aria-current", "page");
  expect(screen.getByRole("link", { name: "Incidents" })).not.toHaveAttribute("aria-current");
});

test("an incident's page is one of the incidents", async () => {
  openPage("/incidents/7");

  expect(await screen.findByRole("link", { name: "Incidents", current: "page" })).toBeVisible();
});

test("every page says what is not well", async () => {
  serveSummary({
    breakers: [
      { name: "github", state: "open", reason: "503", retry_at: null },
      { name: "anthropic", state: "closed", reason: "", retry_at: null },
    ],
    waiting: [{ service: "orders", count: 2, incidents_per_hour: 20 }],
  });
  openPage("/services");

  expect(await screen.findByRole("status", { name: "Health" })).toHaveTextContent(
    "github fails and is left alone for a while; 2 incidents not begun, for the limit of an hour. Overview",
  );
});

test("while all is well nothing is said of it", async () => {
  openPage("/");
  await screen.findByText("No incidents yet");

  expect(screen.queryByRole("status", { name: "Health" })).toBeNull();
});
