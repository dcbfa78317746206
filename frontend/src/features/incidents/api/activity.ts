import { useQuery } from "@tanstack/react-query";

import { queryKeys } from "@/api/query-keys";
import type { AgentActivity, Incident } from "@/api/types";

/** Return what the agents of this incident say and do at this moment; the live feed puts it there. */
export function useActivity(incident: Incident): AgentActivity[] {
  const { data } = useQuery<Record<string, AgentActivity>>({
    queryKey: queryKeys.activity(incident.id),
    queryFn: () => ({}),
    enabled: false,
  });
  return Object.values(data ?? {}).filter((activity) => isRunning(incident, activity));
}

/** Whether the stage run that an agent spoke in still goes on; its last words stay in the feed's memory. */
function isRunning(incident: Incident, { stage, attempt, candidate }: AgentActivity): boolean {
  return incident.stage_runs.some(
    (run) =>
      run.status === "running" && run.stage === stage && run.attempt === attempt && run.candidate === candidate,
  );
}
