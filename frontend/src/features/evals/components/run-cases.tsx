import { Button, Group, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import type { EvalResult, EvalRun } from "@/api/types";
import { DataTable } from "@/components/data-table";
import { Fold } from "@/components/fold";
import { Loaded } from "@/components/loaded";
import { PageLink } from "@/components/page-link";
import { Quiet } from "@/components/quiet";
import { RawText } from "@/components/raw-text";
import { Section } from "@/components/section";
import { jsonText } from "@/format/json";
import { words } from "@/format/words";

import { evalResultsQuery } from "../api/queries";
import { answerText } from "../answer-text";
import { readShownCases, SHOWN_CASES } from "../search";

const route = getRouteApi("/evals/$runId");

/** The cases of a run as they were answered, those that were wrong first. */
export function RunCases({ run }: { run: EvalRun }) {
  const { show = "wrong" } = route.useSearch();
  const navigate = route.useNavigate();
  const cases = useInfiniteQuery(evalResultsQuery(run.id, show));
  return (
    <Section
      title="Cases"
      aside={
        <SegmentedControl
          aria-label="Which cases"
          size="xs"
          data={SHOWN_CASES.map((value) => ({ value, label: words(value) }))}
          value={show}
          onChange={(value) => void navigate({ search: readShownCases({ show: value }), replace: true })}
        />
      }
    >
      <Loaded query={cases} what="the cases">
        {({ pages }) => <Cases run={run} results={pages.flatMap(({ results }) => results)} />}
      </Loaded>
      {cases.hasNextPage && (
        <Group justify="center" mt="sm">
          <Button variant="default" loading={cases.isFetchingNextPage} onClick={() => void cases.fetchNextPage()}>
            Show more cases
          </Button>
        </Group>
      )}
    </Section>
  );
}

function Cases({ run, results }: { run: EvalRun; results: EvalResult[] }) {
  if (results.length === 0) return <Quiet>There is none.</Quiet>;
  return (
    <DataTable label="Cases" head={["Case", "Outcome", "Expected", "Given", ""]}>
      {results.map((result) => (
        <tr key={result.id}>
          <th scope="row">
            <PageLink to="/evals/cases/$suite/$caseId" params={{ suite: run.suite, caseId: result.case_id }} size="sm">
              {result.case_id}
            </PageLink>
            {result.repeat > 1 && ` (${result.repeat})`}
          </th>
          <td>{result.outcome === "answered" ? (result.is_right ? "right" : "wrong") : result.outcome}</td>
          {result.outcome === "answered" ? (
            <>
              <td>{answerText(result.expected)}</td>
              <td>{answerText(result.answer)}</td>
              <td>
                <Fold summary="The whole answer">
                  {() => <RawText label={`Answer to ${result.case_id}`}>{jsonText(result.answer)}</RawText>}
                </Fold>
              </td>
            </>
          ) : (
            <td colSpan={3}>
              {result.exit_reason}: {result.error}
            </td>
          )}
        </tr>
      ))}
    </DataTable>
  );
}
