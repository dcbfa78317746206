import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { queryKeys } from "@/api/query-keys";

import { LiveFeed, type LiveState } from "./live-feed";

// While the feed is away the page asks instead.
const ASK_EVERY_MS = 10_000;

function feedAddress(): string {
  return `${window.location.origin.replace(/^http/, "ws")}/ws/incidents/`;
}

/** Keep what the page shows fresh as long as it is open, and return how fresh it can be. */
export function useLiveFeed(): LiveState {
  const queryClient = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");

  useEffect(() => {
    const feed = new LiveFeed(feedAddress(), {
      onState: setState,
      onChanges: (changes) => {
        void queryClient.invalidateQueries({ queryKey: queryKeys.summary });
        if (changes === "everything") {
          void queryClient.invalidateQueries({ queryKey: queryKeys.incidents });
          return;
        }
        void queryClient.invalidateQueries({ queryKey: queryKeys.incidentLists });
        for (const id of changes) void queryClient.invalidateQueries({ queryKey: queryKeys.incident(id) });
      },
    });
    feed.open();
    return () => {
      feed.close();
    };
  }, [queryClient]);

  useEffect(() => {
    if (state === "live") return;
    // Signed out: the next answer says so to the whole page.
    if (state === "signed-out") void queryClient.invalidateQueries({ queryKey: queryKeys.me });
    const timer = setInterval(() => {
      void queryClient.invalidateQueries();
    }, ASK_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [state, queryClient]);

  return state;
}
