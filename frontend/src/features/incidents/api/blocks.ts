import * as v from "valibot";

// Content blocks of the Messages API, as far as a transcript shows them.
const Block = v.variant("type", [
  v.object({ type: v.literal("text"), text: v.string() }),
  v.object({ type: v.literal("thinking"), thinking: v.string() }),
  v.object({ type: v.literal("tool_use"), id: v.string(), name: v.string(), input: v.unknown() }),
  v.object({
    type: v.literal("tool_result"),
    tool_use_id: v.string(),
    content: v.optional(v.unknown()),
    is_error: v.optional(v.boolean(), false),
  }),
]);

export type Block = v.InferOutput<typeof Block> | { type: "other"; given: unknown };

export function blocksRead(content: unknown): Block[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [{ type: "other", given: content }];
  return content.map((given: unknown) => {
    const read = v.safeParse(Block, given);
    return read.success ? read.output : { type: "other", given };
  });
}

const TextBlocks = v.array(v.object({ type: v.literal("text"), text: v.string() }));

/** Return a tool result's text, or null if it is something else than text. */
export function resultText(content: unknown): string | null {
  if (typeof content === "string") return content;
  const read = v.safeParse(TextBlocks, content);
  return read.success ? read.output.map(({ text }) => text).join("\n") : null;
}
