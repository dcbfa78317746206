import { ageText, momentText, secondsBetween } from "@/format/time";

import { useNow } from "./use-now";

/** How long ago `at` was; the moment itself is in the title. */
export function Age({ at, suffix = "" }: { at: string; suffix?: string }) {
  const text = ageText(secondsBetween(at, useNow()));
  return (
    <time dateTime={at} title={momentText(at)}>
      {text === "now" ? text : `${text}${suffix}`}
    </time>
  );
}
