import { Button, Center, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { ProblemPage } from "@/components/problem-page";
import { StaleNotice } from "@/components/stale-notice";

import { incidentListQuery } from "../api/queries";
import type { Filters } from "../filters";
import { FilterBar } from "./filter-bar";
import { IncidentList } from "./incident-list";
import { SummaryTiles } from "./summary-tiles";

const route = getRouteApi("/");

export function IncidentsPage() {
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const incidents = useInfiniteQuery(incidentListQuery(filters));
  const change = (next: Filters) => void navigate({ search: next, replace: true });

  return (
    <Stack gap="md">
      <title>Incidents · agent-platform</title>
      <Title order={1} size="h2">
        Incidents
      </Title>
      <SummaryTiles />
      <FilterBar filters={filters} onChange={change} />
      {incidents.data === undefined ? (
        incidents.error ? (
          <ProblemPage error={incidents.error} onRetry={() => void incidents.refetch()} />
        ) : (
          <LoadingRows />
        )
      ) : (
        <>
          {incidents.error && <StaleNotice error={incidents.error} readAt={incidents.dataUpdatedAt} />}
          <Rows incidents={incidents.data.pages.flatMap((page) => page.results)} filters={filters} onChange={change} />
        </>
      )}
      {incidents.hasNextPage && (
        <Group justify="center">
          <Button
            variant="default"
            loading={incidents.isFetchingNextPage}
            onClick={() => void incidents.fetchNextPage()}
          >
            Show older incidents
          </Button>
        </Group>
      )}
    </Stack>
  );
}

type RowsProps = {
  incidents: Parameters<typeof IncidentList>[0]["incidents"];
  filters: Filters;
  onChange: (filters: Filters) => void;
};

function Rows({ incidents, filters, onChange }: RowsProps) {
  if (incidents.length > 0) return <IncidentList incidents={incidents} />;
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <Center mih={220}>
      <Stack align="center" gap={4} ta="center">
        <Text fw={600}>{isFiltered ? "No incident fits these filters" : "No incidents yet"}</Text>
        <Text c="dimmed" size="sm" maw={420}>
          {isFiltered
            ? "Change them, or look at everything."
            : "An alarm that arrives at /webhooks/sns/ shows here within a second."}
        </Text>
        {isFiltered && (
          <Button
            mt="sm"
            variant="default"
            onClick={() => {
              onChange({});
            }}
          >
            Clear the filters
          </Button>
        )}
      </Stack>
    </Center>
  );
}

function LoadingRows() {
  return (
    <Stack gap="xs" aria-label="Loading incidents" aria-busy>
      {Array.from({ length: 6 }, (_, row) => (
        <Skeleton key={row} height={62} />
      ))}
    </Stack>
  );
}
