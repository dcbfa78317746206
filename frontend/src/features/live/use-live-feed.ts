import { type QueryClient, type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { queryKeys } from "@/api/query-keys";
import type { AgentActivity } from "@/api/types";
import { outsideJson } from "@/format/outside-text";

import type { Changes } from "./change-collector";
import { LiveFeed, type LiveState } from "./live-feed";

// While the feed is away the page asks instead.
const ASK_EVERY_MS = 10_000;

/**
 * Keep what the page shows fresh as long as it is open, and return how fresh it can be.
 *
 * `livePort` is the feed's port on this host; null: the page's own. `watched` is the incident whose agents are shown.
 */
export function useLiveFeed(livePort: number | null, watched: number | null): LiveState {
  const queryClient = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const current = useRef<LiveFeed>(null);

  useEffect(() => {
    const feed = new LiveFeed(feedAddress(livePort), {
      onState: setState,
      onSummary: () => void queryClient.invalidateQueries({ queryKey: queryKeys.summary }),
      onStep: (incident, stageRun) =>
        void queryClient.invalidateQueries({ queryKey: queryKeys.steps(incident, stageRun) }),
      onActivity: (activity) => {
        activityKeep(queryClient, activity);
      },
      onChanges: async (changes) => {
        await Promise.all(agedKeys(changes).map((queryKey) => readAgain(queryClient, queryKey)));
      },
    });
    current.current = feed;
    feed.open();
    return () => {
      feed.close();
    };
  }, [queryClient, livePort]);

  useEffect(() => {
    current.current?.watch(watched);
  }, [watched, queryClient, livePort]);

  useEffect(() => {
    // The answer tells the whole page.
    if (state === "signed-out") void queryClient.invalidateQueries({ queryKey: queryKeys.me });
    if (state !== "connecting" && state !== "reconnecting") return;
    const timer = setInterval(() => {
      void queryClient.invalidateQueries({}, { cancelRefetch: false });
    }, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [state, queryClient]);

  return state;
}

/** Keep what each agent of the incident says now, every text in it made visible. */
function activityKeep(queryClient: QueryClient, activity: AgentActivity): void {
  const { incident_id: incident, stage, attempt, candidate } = activity;
  queryClient.setQueryData<Record<string, AgentActivity>>(queryKeys.activity(incident), (known) => ({
    ...known,
    [`${stage} ${attempt} ${candidate}`]: outsideJson(activity) as AgentActivity,
  }));
}

function feedAddress(livePort: number | null): string {
  const address = new URL("/ws/incidents/", window.location.origin.replace(/^http/, "ws"));
  if (livePort !== null) address.port = String(livePort);
  return address.href;
}

function agedKeys(changes: Changes): QueryKey[] {
  if (changes === "everything") return [queryKeys.summary, queryKeys.incidents];
  return [queryKeys.summary, queryKeys.incidentLists, ...[...changes].map(queryKeys.incident)];
}

/** Read again what is shown; what is being read now may be from before the change, and is let finish first. */
async function readAgain(queryClient: QueryClient, queryKey: QueryKey): Promise<void> {
  await queryClient.refetchQueries({ queryKey, fetchStatus: "fetching" }, { cancelRefetch: false });
  await queryClient.invalidateQueries({ queryKey });
}
