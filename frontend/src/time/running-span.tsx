import { secondsBetween, wholeSpanText } from "./spans";
import { useNow } from "./use-now";

/** How long something that is not finished has run until now. */
export function RunningSpan({ since }: { since: string }) {
  return <>{wholeSpanText(secondsBetween(since, useNow()))}</>;
}
