import { Alert, Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { ArrowLeftIcon, ExternalLinkIcon } from "@radix-ui/react-icons";
import { Link } from "@tanstack/react-router";

import type { Incident } from "@/api/types";
import { outsideAddress, outsideText } from "@/format/outside-text";
import { plural, words } from "@/format/words";

import { Age } from "./age";
import { SeverityBadge, StatusBadge } from "./badges";

export function IncidentHeader({ incident }: { incident: Incident }) {
  const { pull_request: pullRequest } = incident;
  const address = pullRequest && outsideAddress(pullRequest.url);
  return (
    <Stack gap="xs">
      <Anchor size="sm" c="dimmed" renderRoot={(props) => <Link to="/" {...props} />}>
        <Group gap={6} component="span">
          <ArrowLeftIcon aria-hidden /> Incidents
        </Group>
      </Anchor>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Title order={1} size="h2" flex="1 1 22rem" className="wrap-anywhere">
          {outsideText(incident.title)}
        </Title>
        {address && (
          <Button component="a" href={address} target="_blank" rel="noreferrer" rightSection={<ExternalLinkIcon />}>
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
          {plural(incident.occurrences, "alarm")} · began <Age since={incident.first_seen_at} /> ago
          {incident.occurrences > 1 && (
            <>
              , last <Age since={incident.last_seen_at} /> ago
            </>
          )}
        </Text>
      </Group>
      {incident.status_reason && <Reason incident={incident} />}
    </Stack>
  );
}

function Reason({ incident }: { incident: Incident }) {
  const text = outsideText(incident.status_reason);
  if (incident.status !== "needs_human") {
    return (
      <Text size="sm" className="wrap-anywhere">
        {text}
      </Text>
    );
  }
  return (
    <Alert color="orange" title="A person is needed">
      <Text size="sm" className="wrap-anywhere" style={{ whiteSpace: "pre-wrap" }}>
        {text}
      </Text>
    </Alert>
  );
}
