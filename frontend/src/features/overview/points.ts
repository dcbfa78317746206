import type { Overview, Speed } from "@/api/types";

export const CHART_HEIGHT = 260;

/** A day, or the first day of a week, with what agents and people did in it. */
export type Point = { day: string; agents?: Speed; people?: Speed };

/** Return the periods in which anything happened, the oldest first. */
export function pointsOf({ agents, people }: Overview["time_to_pull_request"]): Point[] {
  const points = new Map<string, Point>();
  for (const [who, { periods }] of [
    ["agents", agents],
    ["people", people],
  ] as const) {
    for (const period of periods) {
      const day = period.start.slice(0, 10);
      points.set(day, { ...points.get(day), day, [who]: period });
    }
  }
  return [...points.values()].sort((one, other) => one.day.localeCompare(other.day));
}
