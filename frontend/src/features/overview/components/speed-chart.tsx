import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

import { durationText } from "@/format/time";

import { CHART_HEIGHT, type Point } from "../points";

const AGENTS = "var(--mantine-color-indigo-5)";
const PEOPLE = "var(--mantine-color-orange-5)";
// So that no point lies on the edge.
const HEADROOM = 1.5;
const TEXT = { fill: "var(--mantine-color-dimmed)", fontSize: 12 };

export default function SpeedChart({ points }: { points: Point[] }) {
  const rows = points.map(({ day, agents, people }) => ({
    day,
    "agents p50": drawn(agents?.p50_seconds),
    "agents p90": drawn(agents?.p90_seconds),
    "people p50": drawn(people?.p50_seconds),
    "people p90": drawn(people?.p90_seconds),
  }));
  return (
    <ResponsiveContainer width="100%" height={CHART_HEIGHT}>
      <LineChart data={rows} margin={{ top: 8, right: 16, bottom: 0, left: 8 }} accessibilityLayer={false}>
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis dataKey="day" tick={TEXT} stroke="var(--line)" />
        {/* Agents take seconds and people hours. */}
        <YAxis
          scale="log"
          domain={([low, high]) => [low / HEADROOM, high * HEADROOM]}
          tick={TEXT}
          stroke="var(--line)"
          width={92}
          tickFormatter={durationText}
        />
        <Tooltip
          formatter={(seconds) => durationText(Number(seconds))}
          contentStyle={{ background: "var(--card)", borderColor: "var(--line)", borderRadius: 8 }}
        />
        <Legend wrapperStyle={{ fontSize: 12 }} iconType="plainline" iconSize={20} />
        <Line dataKey="agents p50" stroke={AGENTS} strokeWidth={2} connectNulls isAnimationActive={false} />
        <Line dataKey="agents p90" stroke={AGENTS} strokeDasharray="4 4" connectNulls isAnimationActive={false} />
        <Line dataKey="people p50" stroke={PEOPLE} strokeWidth={2} connectNulls isAnimationActive={false} />
        <Line dataKey="people p90" stroke={PEOPLE} strokeDasharray="4 4" connectNulls isAnimationActive={false} />
      </LineChart>
    </ResponsiveContainer>
  );
}

/** A logarithmic axis has no zero. */
function drawn(seconds: number | null | undefined): number | undefined {
  return seconds == null ? undefined : Math.max(seconds, 0.1);
}
