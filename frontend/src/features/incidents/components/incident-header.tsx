import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { ArrowLeftIcon, ExternalLinkIcon } from "@radix-ui/react-icons";

import type { Incident } from "@/api/types";
import { Age } from "@/components/age";
import { PageLink } from "@/components/page-link";
import { safeAddress } from "@/format/safe-address";
import { plural, words } from "@/format/words";

import { SeverityBadge, StatusBadge } from "./badges";

export function IncidentHeader({ incident }: { incident: Incident }) {
  const { pull_request: pullRequest } = incident;
  const address = pullRequest && safeAddress(pullRequest.url);
  return (
    <Stack gap="xs">
      <PageLink to="/" size="sm" c="dimmed">
        <Group gap={6} component="span">
          <ArrowLeftIcon aria-hidden /> Incidents
        </Group>
      </PageLink>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Title order={1} size="h2" flex="1 1 18rem">
          {incident.title}
        </Title>
        {address && (
          <Button
            component="a"
            href={address}
            target="_blank"
            rel="noreferrer"
            rightSection={<ExternalLinkIcon role="img" aria-label="(opens a new tab)" />}
          >
            Pull request #{pullRequest.number}
          </Button>
        )}
      </Group>
      <Group gap="xs">
        <StatusBadge status={incident.status} size="lg" />
        <SeverityBadge severity={incident.severity} />
        <Text size="sm" c="dimmed">
          #{incident.id} · {incident.service.name}
          {incident.classification !== "unknown" && ` · ${words(incident.classification)}`} ·{" "}
          {plural(incident.occurrences, "alarm")} · began <Age at={incident.first_seen_at} suffix=" ago" />
          {incident.occurrences > 1 && (
            <>
              , last <Age at={incident.last_seen_at} suffix=" ago" />
            </>
          )}
        </Text>
      </Group>
      {incident.status_reason && <Reason incident={incident} />}
    </Stack>
  );
}

function Reason({ incident }: { incident: Incident }) {
  if (incident.status !== "needs_human") return <Text size="sm">{incident.status_reason}</Text>;
  return (
    <Alert color="orange" title="A person is needed">
      <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>
        {incident.status_reason}
      </Text>
    </Alert>
  );
}
