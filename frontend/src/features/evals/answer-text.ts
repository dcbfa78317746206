import { jsonText } from "@/format/json";

// What decides whether an answer is right, by suite; of others the whole is shown.
const DECIDING = [
  "classification",
  "severity",
  "duplicate_of",
  "fabricated",
  "refused",
  "resolved",
  "verdict",
  "obeyed",
];

/** Say an answer, or what was expected, by what decides about it. */
export function answerText(answer: unknown): string {
  if (typeof answer !== "object" || answer === null) return jsonText(answer);
  const given = new Map(Object.entries(answer));
  const said = DECIDING.filter((name) => given.get(name) != null).map((name) => partText(name, given.get(name)));
  return said.length > 0 ? said.join(", ") : jsonText(answer);
}

function partText(name: string, value: unknown): string {
  if (typeof value === "boolean") return value ? name : `not ${name}`;
  return name === "duplicate_of" ? `of #${String(value)}` : String(value);
}
