import { Alert, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { ApiProblem } from "@/api/problem";
import type { EvalComparison, EvalRunRow } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Loaded } from "@/components/loaded";
import { PageLink } from "@/components/page-link";
import { ProblemPage } from "@/components/problem-page";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";

import { evalComparisonQuery } from "../api/queries";
import { answerText } from "../answer-text";
import { numberIn } from "../search";

import { FigureTable } from "./figure-table";

const route = getRouteApi("/evals/compare");

export function ComparePage() {
  const pair = route.useSearch();
  const a = numberIn(pair.a);
  const b = numberIn(pair.b);
  if (a === null || b === null) {
    return <ProblemPage error={new ApiProblem("not-found", "The address names no two runs.")} />;
  }
  return <Compared a={a} b={b} />;
}

function Compared({ a, b }: { a: number; b: number }) {
  const comparison = useQuery(evalComparisonQuery(a, b));
  return (
    <Stack gap="md">
      <title>{`Runs ${a} and ${b} · agent-platform`}</title>
      <Title order={1} size="h2">
        Run {a} and run {b}
      </Title>
      {comparison.error instanceof ApiProblem && comparison.error.kind === "refused" ? (
        <Alert color="orange" title="These two cannot be compared">
          There are no two such runs of one suite with a case that both have answered.
        </Alert>
      ) : (
        <Loaded query={comparison} what="the comparison">
          {(found) => <Whole comparison={found} />}
        </Loaded>
      )}
    </Stack>
  );
}

function Whole({ comparison: { first, second, compared, differences, differences_count: count } }: Props) {
  return (
    <>
      {!compared.is_same_material && (
        <Alert color="orange" title="The cases have changed between the runs">
          A difference may be that of the cases.
        </Alert>
      )}
      <Section title="Who was right">
        <DataTable label="Who was right" head={["", `${second.model} right`, `${second.model} wrong`]}>
          <tr>
            <th scope="row">{first.model} right</th>
            <td>{compared.both}</td>
            <td>{compared.only_first}</td>
          </tr>
          <tr>
            <th scope="row">{first.model} wrong</th>
            <td>{compared.only_second}</td>
            <td>{compared.neither}</td>
          </tr>
        </DataTable>
        <Text size="sm" mt="sm">
          {verdict(compared.p_value)} McNemar, exact, over {compared.total} cases that both answered: p ={" "}
          {compared.p_value < 0.0001 ? "under 0.0001" : compared.p_value.toFixed(4)}.
        </Text>
      </Section>
      <Section title="Figures" aside={<Quiet>each over all that its own run answered</Quiet>}>
        <FigureTable label="Figures" columns={[column(first), column(second)]} />
      </Section>
      <Section
        title="Cases that one alone had right"
        aside={count > differences.length && <Quiet>{`the first ${differences.length} of ${count}`}</Quiet>}
      >
        {count === 0 ? (
          <Quiet>There is none.</Quiet>
        ) : (
          <DataTable label="Differences" head={["Case", "Expected", first.model, second.model, "Right"]}>
            {differences.map((found) => (
              <tr key={found.case_id}>
                <th scope="row">
                  <PageLink
                    to="/evals/cases/$suite/$caseId"
                    params={{ suite: first.suite, caseId: found.case_id }}
                    size="sm"
                  >
                    {found.case_id}
                  </PageLink>
                </th>
                <td>{answerText(found.expected)}</td>
                <td>{answerText(found.first_answer)}</td>
                <td>{answerText(found.second_answer)}</td>
                <td>{found.is_first_right ? first.model : second.model}</td>
              </tr>
            ))}
          </DataTable>
        )}
      </Section>
    </>
  );
}

type Props = { comparison: EvalComparison };

function column({ id, model, figures }: EvalRunRow) {
  return { name: `${model} (run ${id})`, figures };
}

function verdict(pValue: number): string {
  return pValue < 0.05 ? "They do not err alike." : "They may as well err alike: chance explains the difference.";
}
