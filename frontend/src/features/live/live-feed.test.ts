import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeWebSocket } from "@/testing/fake-web-socket";

import type { Changes } from "./change-collector";
import { LiveFeed } from "./live-feed";

let states: string[];
let told: Changes[];
let heard: unknown[];
let feed: LiveFeed;

beforeEach(() => {
  vi.useFakeTimers();
  // The longest wait that the spread allows.
  vi.spyOn(Math, "random").mockReturnValue(1);
  states = [];
  told = [];
  heard = [];
  feed = new LiveFeed("ws://here/ws/incidents/", {
    onState: (state) => states.push(state),
    onChanges: (changes) => {
      told.push(changes);
      return Promise.resolve();
    },
    onSummary: () => heard.push("summary"),
    onActivity: (activity) => heard.push(activity.text),
    onStep: (incident, stageRun) => heard.push([incident, stageRun]),
  });
  feed.open();
});

afterEach(() => {
  feed.close();
  vi.useRealTimers();
});

/** Return after how many milliseconds of waiting another connection was opened. */
async function waited(): Promise<number> {
  const before = FakeWebSocket.opened.length;
  const start = Date.now();
  while (FakeWebSocket.opened.length === before && Date.now() - start < 60_000) await vi.advanceTimersByTimeAsync(50);
  return Date.now() - start;
}

test("the first hello asks from the beginning", () => {
  FakeWebSocket.newest.accept();

  expect(FakeWebSocket.newest.url).toBe("ws://here/ws/incidents/");
  expect(FakeWebSocket.newest.sent).toEqual([{ type: "hello", cursor: 0 }]);
});

test.each(["snapshot", "reload"])("with a %s the feed is live, and what was read before may be old", (type) => {
  FakeWebSocket.newest.accept();
  FakeWebSocket.newest.say({ type, cursor: 4, changes: [] });

  expect(states).toEqual(["live"]);
  expect(told).toEqual(["everything"]);
});

test("a change is told with its incident", async () => {
  FakeWebSocket.newest.join(4);
  await vi.advanceTimersByTimeAsync(1000);
  FakeWebSocket.newest.tell(7, "fixing", 5);

  expect(told).toEqual(["everything", new Set([7])]);
});

test("a connection that was lost is opened again with the last cursor", async () => {
  FakeWebSocket.newest.join(4);
  FakeWebSocket.newest.tell(7, "fixing", 9);
  FakeWebSocket.newest.tell(8, "open", 6);
  FakeWebSocket.newest.end();
  await waited();
  FakeWebSocket.newest.accept();

  expect(states).toEqual(["live", "reconnecting"]);
  expect(FakeWebSocket.newest.sent).toEqual([{ type: "hello", cursor: 9 }]);
});

test("after an absence everything may have changed", async () => {
  FakeWebSocket.newest.join(4);
  FakeWebSocket.newest.end();
  await waited();
  FakeWebSocket.newest.join(4);
  await vi.advanceTimersByTimeAsync(1000);

  expect(states).toEqual(["live", "reconnecting", "live"]);
  expect(told).toEqual(["everything", "everything"]);
});

test("each failure doubles the wait, up to 15 seconds, until one succeeds", async () => {
  const waits: number[] = [];
  for (let failure = 0; failure < 7; failure += 1) {
    FakeWebSocket.newest.end();
    waits.push(await waited());
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);

  FakeWebSocket.newest.join(1);
  FakeWebSocket.newest.end();
  expect(await waited()).toBe(500);
});

test("the waits of many pages are spread over their second half", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  FakeWebSocket.newest.end();

  expect(await waited()).toBe(250);
});

test("a connection that nobody answers is given up", async () => {
  FakeWebSocket.newest.accept();
  const silent = FakeWebSocket.newest;
  await vi.advanceTimersByTimeAsync(10_000);

  expect(silent.isClosedByPage).toBe(true);
  expect(states).toEqual(["reconnecting"]);
  expect(await waited()).toBe(500);
});

test("a connection that was answered is kept", async () => {
  FakeWebSocket.newest.join(4);
  await vi.advanceTimersByTimeAsync(60_000);

  expect(FakeWebSocket.opened).toHaveLength(1);
  expect(states).toEqual(["live"]);
});

test("an ended session is said, and tried again slowly", async () => {
  FakeWebSocket.newest.accept();
  FakeWebSocket.newest.end(4401);

  expect(states).toEqual(["signed-out"]);
  expect(await waited()).toBe(15_000);
});

test("who may not follow the feed is not connected again", async () => {
  FakeWebSocket.newest.accept();
  FakeWebSocket.newest.end(4403);
  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(60_000);

  expect(states).toEqual(["forbidden"]);
  expect(FakeWebSocket.opened).toHaveLength(1);
});

test("when the network goes, the connection counts as lost; when it comes, there is a new one at once", () => {
  const first = FakeWebSocket.newest;
  first.join(4);
  window.dispatchEvent(new Event("offline"));
  expect(states).toEqual(["live", "reconnecting"]);
  expect(first.isClosedByPage).toBe(true);

  window.dispatchEvent(new Event("online"));
  expect(FakeWebSocket.opened).toHaveLength(2);
});

test("what a connection that was given up still says is not heard", async () => {
  const old = FakeWebSocket.newest;
  window.dispatchEvent(new Event("online"));
  old.say({ type: "snapshot", cursor: 99, changes: [] });
  old.end();
  await vi.advanceTimersByTimeAsync(5000);

  expect(states).toEqual([]);
  expect(FakeWebSocket.opened).toHaveLength(2);
});

test.each([
  "not JSON",
  '{"type":"changes"}',
  '{"type":"snapshot","cursor":"12","changes":[]}',
  '{"type":"later","cursor":12}',
  '{"type":"error","error":"the cursor is wrong"}',
])("%s changes nothing", async (message) => {
  FakeWebSocket.newest.accept();
  FakeWebSocket.newest.say(message);
  FakeWebSocket.newest.end();
  await waited();
  FakeWebSocket.newest.accept();

  expect(states).toEqual(["reconnecting"]);
  expect(told).toEqual([]);
  expect(FakeWebSocket.newest.sent).toEqual([{ type: "hello", cursor: 0 }]);
});

test("a closed feed is silent", async () => {
  FakeWebSocket.newest.end();
  feed.close();
  window.dispatchEvent(new Event("online"));
  window.dispatchEvent(new Event("offline"));
  await vi.advanceTimersByTimeAsync(60_000);

  expect(states).toEqual(["reconnecting"]);
  expect(FakeWebSocket.opened).toHaveLength(1);
});

const ACTIVITY = {
  type: "agent.activity",
  incident_id: 7,
  stage: "diagnosis",
  attempt: 1,
  candidate: 1,
  step: 3,
  text: "I look at the cart.",
  tools: [{ name: "read_file", arguments: "{}", state: "running" }],
};

test("who watches an incident says so, also after an absence, and again when it is another one", async () => {
  feed.watch(7);
  FakeWebSocket.newest.join(4);
  FakeWebSocket.newest.end();
  await waited();
  FakeWebSocket.newest.join(4);
  feed.watch(7);
  feed.watch(null);

  expect(FakeWebSocket.newest.sent).toEqual([
    { type: "hello", cursor: 4 },
    { type: "watch", incident_id: 7 },
    { type: "watch", incident_id: null },
  ]);
});

test("what an agent says, a stored message and a pause are passed on and change no cursor", async () => {
  FakeWebSocket.newest.join(4);
  FakeWebSocket.newest.say(ACTIVITY);
  FakeWebSocket.newest.say({ type: "step.stored", incident_id: 7, stage_run: 12, number: 3 });
  FakeWebSocket.newest.say({ type: "summary.changed" });
  FakeWebSocket.newest.end();
  await waited();
  FakeWebSocket.newest.accept();

  expect(heard).toEqual(["I look at the cart.", [7, 12], "summary"]);
  expect(FakeWebSocket.newest.sent).toEqual([{ type: "hello", cursor: 4 }]);
});
