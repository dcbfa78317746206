import * as v from "valibot";

const Change = v.object({ incident_id: v.number(), status: v.string(), cursor: v.number() });

/** What the feed says; incidents/feed_messages.py writes the same. */
const ServerMessage = v.variant("type", [
  v.object({ type: v.literal("snapshot"), cursor: v.number(), changes: v.array(Change) }),
  v.object({ type: v.literal("reload"), cursor: v.number() }),
  v.object({ type: v.literal("error"), error: v.string() }),
  v.object({ type: v.literal("incident.changed"), ...Change.entries }),
]);

export type ServerMessage = v.InferOutput<typeof ServerMessage>;

export type Hello = { type: "hello"; cursor: number };

/** Return the message, or undefined if this release does not know it. */
export function parseMessage(text: string): ServerMessage | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = v.safeParse(ServerMessage, given);
  return result.success ? result.output : undefined;
}
