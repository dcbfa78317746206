import type { EvalFilters, EvalKind, EvalSuite } from "@/api/eval-runs";

export const SUITES: readonly EvalSuite[] = ["triage", "grounding", "injection", "fixes"];
export const KINDS: { value: EvalKind; label: string }[] = [
  { value: "model", label: "Models" },
  { value: "floor", label: "Floors" },
  { value: "harness", label: "Tests of the harness" },
];

/** Return the filters in the address of the list, without what this release does not know. */
export function readEvalFilters(search: Record<string, unknown>): EvalFilters {
  const suite = SUITES.find((name) => name === search.suite);
  const kind = KINDS.find(({ value }) => value === search.kind)?.value;
  return { ...(suite && { suite }), ...(kind && { kind }) };
}

export const SHOWN_CASES = ["wrong", "abstained", "failed", "all"] as const;
export type ShownCases = (typeof SHOWN_CASES)[number];

/** Return which cases of a run the address asks for; without a word: those that were wrong. */
export function readShownCases(search: Record<string, unknown>): { show?: ShownCases } {
  const show = SHOWN_CASES.find((name) => name === search.show);
  return show ? { show } : {};
}

/** Return the two runs that the address names, as it names them. */
export function readPair(search: Record<string, unknown>): { a?: string; b?: string } {
  const { a, b } = search;
  return { ...(typeof a === "string" && { a }), ...(typeof b === "string" && { b }) };
}

/** Return a number in an address, or null for what is none. */
export function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
