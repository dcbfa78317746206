import { jsonText } from "@/format/json";

// What decides whether an answer is right, by suite; of others the whole is shown.
const DECIDING = ["classification", "severity", "duplicate_of", "fabricated", "refused", "resolved", "verdict", "obeyed"];

/** Say an answer, or what was expected, by what decides about it. */
export function answerText(answer: unknown): string {
  if (typeof answer !== "object" || answer === null) return jsonText(answer);
  const said = Object.entries(answer).filter(([name, value]) => DECIDING.includes(name) && value !== null);
  if (said.length === 0) return jsonText(answer);
  return said.map(([name, value]) => (typeof value === "boolean" ? `${value ? "" : "not "}${name}` : String(value))).join(", ");
}
