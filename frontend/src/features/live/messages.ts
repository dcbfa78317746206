import * as v from "valibot";

import type { FeedServerMessage } from "@/api/types";

const Id = v.pipe(v.number(), v.integer());

const IncidentChanged = v.object({
  type: v.literal("incident.changed"),
  incident_id: Id,
  status: v.string(),
  cursor: Id,
});

const ToolActivity = v.object({
  name: v.string(),
  arguments: v.string(),
  state: v.picklist(["asked", "running", "done", "failed"]),
});

const ServerMessage = v.variant("type", [
  v.object({ type: v.literal("snapshot"), cursor: Id, changes: v.array(IncidentChanged) }),
  v.object({ type: v.literal("reload"), cursor: Id }),
  v.object({ type: v.literal("changes"), cursor: Id, changes: v.array(IncidentChanged) }),
  v.object({ type: v.literal("summary.changed") }),
  v.object({ type: v.literal("step.stored"), incident_id: Id, stage_run: Id, number: Id }),
  v.object({
    type: v.literal("agent.activity"),
    incident_id: Id,
    stage: v.string(),
    attempt: Id,
    candidate: Id,
    step: Id,
    text: v.string(),
    tools: v.array(ToolActivity),
  }),
  v.object({ type: v.literal("error"), error: v.string() }),
]);

// The generated type says what the server sends: the compiler refuses a reader of more, and here one of less.
type Unread = Exclude<FeedServerMessage["type"], v.InferOutput<typeof ServerMessage>["type"]>;
type Whole = [Unread] extends [never] ? FeedServerMessage : never;

/** Return the message, or undefined if this release does not know it. */
export function parseMessage(text: string): Whole | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = v.safeParse(ServerMessage, given);
  return result.success ? result.output : undefined;
}
