import { ageText, secondsBetween } from "./spans";
import { useNow } from "./use-now";

export function dateText(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** How long ago `at` was; the moment itself is in the title. */
export function Age({ at, suffix = "" }: { at: string; suffix?: string }) {
  const text = ageText(secondsBetween(at, useNow()));
  return (
    <time dateTime={at} title={dateText(at)}>
      {text === "now" ? text : `${text}${suffix}`}
    </time>
  );
}
