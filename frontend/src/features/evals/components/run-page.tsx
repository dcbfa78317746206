import { Alert, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { ApiProblem } from "@/api/problem";
import type { EvalRun } from "@/api/types";
import { Loaded } from "@/components/loaded";
import { ProblemPage } from "@/components/problem-page";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { momentText } from "@/format/time";

import { evalRunQuery } from "../api/queries";
import { numberIn } from "../search";

import { CalibrationTable } from "./calibration-table";
import { FigureTable } from "./figure-table";
import { GroupTable } from "./group-table";
import { KindBadge } from "./kind-badge";
import { MatrixTable } from "./matrix-table";
import { RunCases } from "./run-cases";

export function RunPage() {
  const { runId } = useParams({ from: "/evals/$runId" });
  const id = numberIn(runId);
  if (id === null) return <ProblemPage error={new ApiProblem("not-found", "No run has this number.")} />;
  return <KnownRun key={id} id={id} />;
}

function KnownRun({ id }: { id: number }) {
  const run = useQuery(evalRunQuery(id));
  return (
    <Stack gap="md">
      <title>{`Evaluation ${id} · agent-platform`}</title>
      <Loaded query={run} what="the run">
        {(found) => <Whole run={found} />}
      </Loaded>
    </Stack>
  );
}

function Whole({ run }: { run: EvalRun }) {
  const { limit, repeat, split } = run.settings;
  const settings = [
    limit == null ? "every case" : `a sample of ${limit}`,
    repeat > 1 && `each put ${repeat} times`,
    split && `only ${split}`,
  ].filter(Boolean);
  return (
    <>
      <div>
        <Group gap="sm">
          <Title order={1} size="h2">
            {run.suite} by {run.model}
          </Title>
          <KindBadge kind={run.kind} note={run.note} />
        </Group>
        <Quiet>
          Run {run.id}, {run.note}; begun {momentText(run.started_at)}; {settings.join(", ")}; commit{" "}
          {run.commit.slice(0, 12) || "not known"}, cases {run.material_sha256.slice(0, 12)}
        </Quiet>
      </div>
      {run.state !== "finished" && (
        <Alert color="orange" title={`This run is ${run.state}`}>
          {run.state_reason || "Its figures count what was answered until now."}
        </Alert>
      )}
      <Section title="Figures" aside={<Quiet>coverage first; brackets hold 95 % intervals</Quiet>}>
        {run.figures.length > 0 ? (
          <FigureTable
            label="Figures"
            columns={[{ name: run.model, figures: run.figures }, ...run.floors.map(floorColumn)]}
          />
        ) : (
          <Text size="sm">None before it ends.</Text>
        )}
      </Section>
      {run.matrices.map((matrix) => (
        <Section key={matrix.title} title={matrix.title} aside={<Quiet>expected down, given across</Quiet>}>
          <MatrixTable matrix={matrix} />
        </Section>
      ))}
      {run.calibration.length > 0 && <CalibrationTable bins={run.calibration} />}
      {run.groups.length > 0 && <GroupTable groups={run.groups} />}
      <RunCases run={run} />
    </>
  );
}

function floorColumn({ model, figures }: EvalRun["floors"][number]) {
  return { name: `${model} (floor)`, figures };
}
