import { QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiProblem, isPassing } from "@/api/problem";
import { queryKeys } from "@/api/query-keys";

const SECOND_CHANCES = 2;
const TRY_AGAIN_MS = 10_000;

export function makeQueryClient(): QueryClient {
  const queryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        // Whoever is told first that the session has ended, the whole page has to know.
        const isSignedOut = error instanceof ApiProblem && error.kind === "signed-out";
        if (isSignedOut && query.queryKey[0] !== queryKeys.me[0]) {
          void queryClient.invalidateQueries({ queryKey: queryKeys.me });
        }
      },
    }),
    defaultOptions: {
      queries: {
        // The server may be this machine, which answers without a network.
        networkMode: "always",
        retry: (failures, error) => isPassing(error) && failures < SECOND_CHANCES,
        refetchInterval: ({ state: { error } }) => error !== null && isPassing(error) && TRY_AGAIN_MS,
        staleTime: 5_000,
      },
    },
  });
  return queryClient;
}
