import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { summaryQuery } from "@/api/summary";
import { Age } from "@/components/age";

/** Says that nothing moves, and why, while the pipeline is paused. */
export function PauseNotice() {
  const { data: summary } = useQuery(summaryQuery);
  if (!summary?.pause) return null;
  const { reason, started_by: by, started_at: at } = summary.pause;
  return (
    <Alert color="orange" title="The pipeline is paused">
      {reason} Paused by {by.replace(/^user:/, "")} <Age at={at} suffix=" ago" />; alarms are still stored.
    </Alert>
  );
}
