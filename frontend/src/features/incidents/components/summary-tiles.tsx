import { useQuery } from "@tanstack/react-query";

import { summaryQuery } from "@/api/summary";
import type { Status, Summary } from "@/api/types";
import { Tile, Tiles } from "@/components/tiles";
import { costText } from "@/format/money";
import { durationText } from "@/format/time";

/** The figures above the list. */
export function SummaryTiles() {
  const { data } = useQuery(summaryQuery);
  const waiting = countOf(data, "awaiting_approval") + countOf(data, "needs_human");
  const notBegun = data?.waiting.reduce((sum, { count }) => sum + count, 0) ?? 0;
  const time = data && median(data.times_to_pull_request.map((timed) => timed.time.total_seconds));
  const people = data && median(data.times_to_pull_request.map((timed) => timed.time.people_seconds));
  return (
    <Tiles>
      <Tile
        label="Open"
        value={data?.open_incidents.toLocaleString("en")}
        note={`${countOf(data, "resolved").toLocaleString("en")} resolved${notBegun > 0 ? `, ${notBegun} not begun` : ""}`}
      />
      <Tile
        label="Wait for a person"
        value={data && waiting.toLocaleString("en")}
        note={`${countOf(data, "awaiting_approval")} to approve, ${countOf(data, "needs_human")} stuck`}
        isUrgent={waiting > 0}
      />
      <Tile
        label="Time to first PR"
        value={data && (time === undefined ? "–" : durationText(time))}
        note={
          data && time !== undefined
            ? `median of ${data.times_to_pull_request.length}, people ${durationText(people ?? 0)}`
            : "no pull request yet"
        }
      />
      <Tile
        label="Spent today"
        value={data && costText(data.spent_today_usd)}
        note={`of ${costText(data?.budget_today_usd ?? 0)} for model calls`}
      />
    </Tiles>
  );
}

function countOf(summary: Summary | undefined, status: Status): number {
  return summary?.counts.find((row) => row.status === status)?.count ?? 0;
}

function median(values: number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
