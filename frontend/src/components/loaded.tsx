import { Center, Loader, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { useLastFailure } from "@/api/use-last-failure";

import { ProblemPage } from "./problem-page";
import { StaleNotice } from "./stale-notice";

type Props<Data> = { query: UseQueryResult<Data>; what: string; children: (data: Data) => ReactNode };

/** What was read, or that it is being read, or why it cannot be. */
export function Loaded<Data>({ query, what, children }: Props<Data>) {
  const failure = useLastFailure(query);
  if (query.data === undefined || (failure && query.isPlaceholderData)) {
    return failure ? (
      <ProblemPage error={failure} onRetry={() => void query.refetch()} headingOrder={2} />
    ) : (
      <Center py={80}>
        <Loader role="img" aria-label={`Loading ${what}`} />
      </Center>
    );
  }
  return (
    <Stack gap="md">
      {failure && <StaleNotice error={failure} readAt={query.dataUpdatedAt} />}
      {children(query.data)}
    </Stack>
  );
}
