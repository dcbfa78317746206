import { durationText, runningText, secondsBetween } from "@/format/time";

import { useTextOfNow } from "./use-now";

/** How long something took; counts up while it has not ended. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  return to === null ? <Running from={from} /> : durationText(secondsBetween(from, to));
}

function Running({ from }: { from: string }) {
  return useTextOfNow((now) => runningText(secondsBetween(from, now)));
}
