import * as v from "valibot";

const Cursor = v.pipe(v.number(), v.integer());

/** What the feed says; incidents/feed_messages.py writes the same. */
const ServerMessage = v.variant("type", [
  // Its changes are not read: stages start and end without a transition, so that more than those may have changed.
  v.object({ type: v.literal("snapshot"), cursor: Cursor }),
  v.object({ type: v.literal("reload"), cursor: Cursor }),
  v.object({ type: v.literal("error"), error: v.string() }),
  v.object({ type: v.literal("incident.changed"), incident_id: v.number(), cursor: Cursor }),
]);

type ServerMessage = v.InferOutput<typeof ServerMessage>;

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
