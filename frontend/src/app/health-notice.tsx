import { Alert, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { summaryQuery } from "@/api/summary";
import { PageLink } from "@/components/page-link";
import { plural } from "@/format/words";

/** Says on every page which outside systems are left alone and how much has not begun; nothing while all is well. */
export function HealthNotice() {
  const { data: summary } = useQuery(summaryQuery);
  if (summary === undefined) return null;
  const away = summary.breakers.filter(({ state }) => state !== "closed").map(({ name }) => name);
  const waiting = summary.waiting.reduce((sum, { count }) => sum + count, 0);
  const said = [
    away.length > 0 && `${away.join(" and ")} fail${away.length === 1 ? "s" : ""} and ${away.length === 1 ? "is" : "are"} left alone for a while`,
    waiting > 0 && `${plural(waiting, "incident")} not begun, for the limit of an hour`,
  ].filter((part) => part !== false);
  if (said.length === 0) return null;
  return (
    <Alert color="orange" radius={0} py={6} role="status" aria-label="Health">
      <Text size="sm">
        {said.join("; ")}.{" "}
        <PageLink to="/overview" size="sm">
          Overview
        </PageLink>
      </Text>
    </Alert>
  );
}
