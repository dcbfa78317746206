import { Box, Button, Center, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import type { IncidentRow } from "@/api/types";
import { useLastFailure } from "@/api/use-last-failure";
import { ProblemPage } from "@/components/problem-page";
import { StaleNotice } from "@/components/stale-notice";

import { incidentListQuery } from "../api/queries";
import type { Filters } from "../filters";

import { FilterBar } from "./filter-bar";
import { IncidentList } from "./incident-list";
import { PauseNotice } from "./pause-notice";
import { SummaryTiles } from "./summary-tiles";

const route = getRouteApi("/");

export function IncidentsPage() {
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const incidents = useInfiniteQuery(incidentListQuery(filters));
  const failure = useLastFailure(incidents);
  const change = (next: Filters) => void navigate({ search: next, replace: true });

  return (
    <Stack gap="md">
      <title>Incidents · agent-platform</title>
      <Title order={1} size="h2">
        Incidents
      </Title>
      <PauseNotice />
      <SummaryTiles />
      <FilterBar filters={filters} onChange={change} />
      {incidents.data === undefined || (failure && incidents.isPlaceholderData) ? (
        failure ? (
          <ProblemPage error={failure} onRetry={() => void incidents.refetch()} headingOrder={2} />
        ) : (
          <LoadingRows />
        )
      ) : (
        <>
          {failure && <StaleNotice error={failure} readAt={incidents.dataUpdatedAt} />}
          <Box aria-busy={incidents.isPlaceholderData} opacity={incidents.isPlaceholderData ? 0.5 : 1}>
            <Rows
              incidents={incidents.data.pages.flatMap((page) => page.results)}
              filters={filters}
              onChange={change}
            />
          </Box>
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

type RowsProps = { incidents: IncidentRow[]; filters: Filters; onChange: (filters: Filters) => void };

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
    <Stack gap="xs" role="status" aria-label="Loading incidents">
      {Array.from({ length: 6 }, (_, row) => (
        <Skeleton key={row} height={62} />
      ))}
    </Stack>
  );
}
