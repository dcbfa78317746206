export const SPANS = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
] as const;

export type Days = (typeof SPANS)[number]["value"];
export type By = "day" | "week";
/** What the address of the overview says; what is not said is not in it. */
export type Span = { days?: Days; by?: By };

export const USUAL_DAYS: Days = "30";
export const USUAL_BY: By = "week";

/** Return the span in the address, without what this release does not know. */
export function readSpan(search: Record<string, unknown>): Span {
  const days = SPANS.find(({ value }) => value === search.days)?.value;
  const by = search.by === "day" || search.by === "week" ? search.by : undefined;
  return { ...(days && { days }), ...(by && { by }) };
}
