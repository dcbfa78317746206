import { ageText, durationText, momentText, secondsBetween } from "@/format/time";
import { useNow } from "@/format/use-now";

export function Age({ since }: { since: string }) {
  const now = useNow();
  return (
    <time dateTime={since} title={momentText(since)}>
      {ageText(secondsBetween(since, now))}
    </time>
  );
}

/** How long something takes or took; counts up while it has not finished. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  return to ? <>{durationText(secondsBetween(from, to))}</> : <Counting from={from} />;
}

function Counting({ from }: { from: string }) {
  return <>{durationText(Math.max(0, Math.floor(secondsBetween(from, useNow()))))}</>;
}
