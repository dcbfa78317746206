import { Button, Checkbox, Group, SegmentedControl, Select, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { evalRunsQuery } from "@/api/eval-runs";
import type { EvalRunRow } from "@/api/types";
import { Age } from "@/components/age";
import { DataTable } from "@/components/data-table";
import { Loaded } from "@/components/loaded";
import { PageLink } from "@/components/page-link";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { costText } from "@/format/money";

import { figureName, figureNamed, figureText, leadFigure } from "../figures";
import { KINDS, readEvalFilters, SUITES } from "../search";

import { KindBadge } from "./kind-badge";

const route = getRouteApi("/evals");

export function RunsPage() {
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const runs = useInfiniteQuery(evalRunsQuery(filters));
  const set = (change: Record<string, unknown>) =>
    void navigate({ search: readEvalFilters({ ...filters, ...change }), replace: true });
  return (
    <Stack gap="md">
      <title>Evaluations · agent-platform</title>
      <Title order={1} size="h2">
        Evaluations
      </Title>
      <Group gap="xs">
        <Select
          aria-label="Suite"
          placeholder="Any suite"
          data={[...SUITES]}
          value={filters.suite ?? null}
          onChange={(suite) => {
            set({ suite });
          }}
          clearable
        />
        <SegmentedControl
          aria-label="Which entrants"
          data={[{ value: "all", label: "All" }, ...KINDS]}
          value={filters.kind ?? "all"}
          onChange={(kind) => {
            set({ kind });
          }}
        />
      </Group>
      <Loaded query={runs} what="the runs">
        {({ pages }) => <Runs runs={pages.flatMap(({ results }) => results)} />}
      </Loaded>
      {runs.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
            Show older runs
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Runs({ runs }: { runs: EvalRunRow[] }) {
  const [chosen, setChosen] = useState<number[]>([]);
  const [second, first] = runs.filter(({ id }) => chosen.includes(id));
  if (runs.length === 0) {
    return (
      <Section title="Runs">
        <Text fw={600}>Nothing was measured yet</Text>
        <Quiet>manage.py run_evals measures the agents, offline or with a key; docs/evals.md says how.</Quiet>
      </Section>
    );
  }
  return (
    <Section
      title="Runs"
      aside={
        first && second && first.suite === second.suite ? (
          <PageLink to="/evals/compare" search={{ a: String(first.id), b: String(second.id) }}>
            Compare run {first.id} with run {second.id}
          </PageLink>
        ) : (
          <Quiet>
            {first && second ? "Only runs of one suite can be compared." : "Choose two of a suite to compare them."}
          </Quiet>
        )
      }
    >
      <DataTable label="Runs" head={["", "Run", "Entrant", "", "Answered", "First figure", "Cost", "Begun", "State"]}>
        {runs.map((run) => (
          <RunRow
            key={run.id}
            run={run}
            isChosen={chosen.includes(run.id)}
            onChoose={(isChosen) => {
              // A third one takes the place of the first.
              setChosen(isChosen ? [...chosen, run.id].slice(-2) : chosen.filter((id) => id !== run.id));
            }}
          />
        ))}
      </DataTable>
    </Section>
  );
}

type RowProps = { run: EvalRunRow; isChosen: boolean; onChoose: (isChosen: boolean) => void };

function RunRow({ run, isChosen, onChoose }: RowProps) {
  const lead = leadFigure(run.figures);
  return (
    <tr>
      <td>
        <Checkbox
          aria-label={`Compare run ${run.id}`}
          checked={isChosen}
          onChange={(event) => {
            onChoose(event.currentTarget.checked);
          }}
        />
      </td>
      <th scope="row">
        <PageLink to="/evals/$runId" params={{ runId: String(run.id) }} size="sm">
          {run.id} · {run.suite}
        </PageLink>
      </th>
      <td>{run.model}</td>
      <td>
        <KindBadge kind={run.kind} note={run.note} />
      </td>
      <td>{figureText(figureNamed(run.figures, "answered"))}</td>
      <td>{lead ? `${figureName(lead)} ${figureText(lead)}` : "–"}</td>
      <td>{costText(run.cost_usd)}</td>
      <td>
        <Age at={run.started_at} suffix=" ago" />
      </td>
      <td title={run.state_reason}>{run.state}</td>
    </tr>
  );
}
