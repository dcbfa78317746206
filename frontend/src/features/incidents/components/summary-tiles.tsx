import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { usd } from "@/text/words";
import { spanText } from "@/time/spans";

import { type Summary, summaryQuery } from "../api/queries";
import styles from "./summary-tiles.module.css";

/** The figures above the list. */
export function SummaryTiles() {
  const { data } = useQuery(summaryQuery);
  const waiting = sum(data, "awaiting_approval") + sum(data, "needs_human");
  const time = data && median(data.times_to_pull_request.map((timed) => timed.time.total_seconds));
  const people = data && median(data.times_to_pull_request.map((timed) => timed.time.people_seconds));
  return (
    <dl className={styles.tiles}>
      <Tile label="Open" value={data?.open_incidents.toLocaleString("en")} note={`${sum(data, "resolved")} resolved`} />
      <Tile
        label="Wait for a person"
        value={data && waiting.toLocaleString("en")}
        note={`${sum(data, "awaiting_approval")} to approve, ${sum(data, "needs_human")} stuck`}
        isUrgent={waiting > 0}
      />
      <Tile
        label="Time to first PR"
        value={data && (time === undefined ? "–" : spanText(time))}
        note={
          data && time !== undefined
            ? `median of ${data.times_to_pull_request.length}, people ${spanText(people ?? 0)}`
            : "no pull request yet"
        }
      />
      <Tile label="Spent today" value={data && usd(data.spent_today_usd)} note="on model calls" />
    </dl>
  );
}

type TileProps = { label: string; value: string | undefined; note: string; isUrgent?: boolean };

function Tile({ label, value, note, isUrgent = false }: TileProps) {
  return (
    <div className={styles.tile} data-urgent={isUrgent}>
      <dt className={styles.label}>{label}</dt>
      <dd className={styles.value}>{value ?? " "}</dd>
      <Text component="dd" size="xs" c="dimmed" m={0} truncate>
        {value === undefined ? " " : note}
      </Text>
    </div>
  );
}

function sum(summary: Summary | undefined, status: string): number {
  return summary?.counts.find((row) => row.status === status)?.count ?? 0;
}

function median(values: number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
