import { durationText, runningText, secondsBetween } from "@/format/time";

import { useNow } from "./use-now";

/** How long something took; counts up while it has not ended. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  return to === null ? <Running from={from} /> : durationText(secondsBetween(from, to));
}

function Running({ from }: { from: string }) {
  return runningText(secondsBetween(from, useNow()));
}
