import { ageText, momentText, secondsBetween } from "@/format/time";

import { useTextOfNow } from "./use-now";

/** How long ago `at` was; the moment itself is in the title. */
export function Age({ at, suffix = "" }: { at: string; suffix?: string }) {
  const text = useTextOfNow((now) => ageText(secondsBetween(at, now)));
  return (
    <time dateTime={at} title={momentText(at)}>
      {text === "now" ? text : `${text}${suffix}`}
    </time>
  );
}
