import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";

import type { Overview, Speed } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Fold } from "@/components/fold";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { durationText } from "@/format/time";

import { CHART_HEIGHT, type Point, pointsOf } from "../points";
import type { By } from "../span";

// The chart library is larger than everything else on the page.
const SpeedChart = lazy(() => import("./speed-chart"));

type Props = { speeds: Overview["time_to_pull_request"]; by: By };

/** How long agents and people took, over time. */
export function SpeedSection({ speeds, by }: Props) {
  const points = pointsOf(speeds);
  return (
    <Section title="Time to first pull request" aside={<Quiet>median, and nine of ten within</Quiet>}>
      {points.length === 0 ? (
        <Quiet>No incident has come to an end in this span.</Quiet>
      ) : (
        <>
          <div aria-hidden>
            <Suspense fallback={<Skeleton height={CHART_HEIGHT} />}>
              <SpeedChart points={points} />
            </Suspense>
          </div>
          <Quiet>
            Agents: until our pull request. People: without one, until a person resolved or closed the incident.
          </Quiet>
          <Fold summary="As a table">{() => <SpeedTable points={points} by={by} />}</Fold>
        </>
      )}
    </Section>
  );
}

function SpeedTable({ points, by }: { points: Point[]; by: By }) {
  return (
    <DataTable
      label="Time to first pull request, as a table"
      head={[by === "week" ? "Week of" : "Day", "Agents", "median", "p90", "People", "median", "p90"]}
    >
      {points.map(({ day, agents, people }) => (
        <tr key={day}>
          <th scope="row">{day}</th>
          <SpeedCells speed={agents} />
          <SpeedCells speed={people} />
        </tr>
      ))}
    </DataTable>
  );
}

function SpeedCells({ speed }: { speed: Speed | undefined }) {
  return (
    <>
      <td>{speed?.count ?? 0}</td>
      <td>{speed?.p50_seconds == null ? "–" : durationText(speed.p50_seconds)}</td>
      <td>{speed?.p90_seconds == null ? "–" : durationText(speed.p90_seconds)}</td>
    </>
  );
}
