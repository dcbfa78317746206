import { fireEvent, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { FakeWebSocket } from "@/testing/fake-web-socket";
import { liveFeed, openIncident } from "@/testing/render-app";
import { HOSTILE, stageRun } from "@/testing/rows";

const RUNNING = { status: "running", finished_at: null } as const;

function activity(change: object = {}) {
  return {
    type: "agent.activity",
    incident_id: 7,
    stage: "diagnosis",
    attempt: 1,
    candidate: 1,
    step: 3,
    text: "I look at the cart.",
    tools: [],
    ...change,
  };
}

test("what a running agent says and does shows as it comes, and is asked for by the incident's page", async () => {
  await openIncident({ stage_runs: [stageRun("diagnosis", RUNNING)] });
  (await liveFeed()).join(1);
  expect(FakeWebSocket.newest.sent).toContainEqual({ type: "watch", incident_id: 7 });

  FakeWebSocket.newest.say(activity());
  const agent = within(await screen.findByRole("article", { name: "Diagnosis, at work" }));
  expect(agent.getByText("message 4")).toBeVisible();

  FakeWebSocket.newest.say(
    activity({ text: "It may be empty.", tools: [{ name: "read_file", arguments: '{"path":"cart.js"}', state: "running" }] }),
  );
  expect(await agent.findByText("It may be empty.")).toBeVisible();
  expect(agent.getByRole("listitem")).toHaveTextContent('running read_file({"path":"cart.js"})');
  expect(await screen.findByText("Diagnosis uses read_file")).toHaveAttribute("role", "status");
});

test("what an agent repeats from outside is text without colours, and hides nothing", async () => {
  await openIncident({ stage_runs: [stageRun("diagnosis", RUNNING)] });
  (await liveFeed()).join(1);
  FakeWebSocket.newest.say(activity({ text: `\u001b[31mred\u001b[0m ${HOSTILE} a\u202eb` }));

  const said = await screen.findByRole("log", { name: "What the agent says: Diagnosis" });
  expect(said).toHaveTextContent(`red ${HOSTILE} a\ufffdb`);
  expect(said.querySelector("script, img")).toBeNull();
});

test("it follows what comes until its reader scrolls away, and again from the end", async () => {
  await openIncident({ stage_runs: [stageRun("diagnosis", RUNNING)] });
  (await liveFeed()).join(1);
  FakeWebSocket.newest.say(activity());
  const said = await screen.findByRole("log");
  Object.defineProperties(said, { scrollHeight: { value: 900 }, clientHeight: { value: 100 } });

  said.scrollTop = 200;
  fireEvent.scroll(said);
  FakeWebSocket.newest.say(activity({ text: "More." }));
  await within(said).findByText("More.");
  expect(said.scrollTop).toBe(200);

  said.scrollTop = 800;
  fireEvent.scroll(said);
  FakeWebSocket.newest.say(activity({ text: "And more." }));
  await within(said).findByText("And more.");
  expect(said.scrollTop).toBe(900);
});

test("an agent whose stage has ended is at work no more", async () => {
  await openIncident({ stage_runs: [stageRun("diagnosis"), stageRun("fix", RUNNING)] });
  (await liveFeed()).join(1);
  FakeWebSocket.newest.say(activity());
  FakeWebSocket.newest.say(activity({ stage: "fix" }));

  expect(await screen.findByRole("article", { name: "Fix, at work" })).toBeVisible();
  expect(screen.queryByRole("article", { name: "Diagnosis, at work" })).toBeNull();
});
