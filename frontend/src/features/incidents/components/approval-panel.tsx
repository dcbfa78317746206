import { Alert, Button, Group, List, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { meQuery } from "@/api/me";
import type { Approval, Incident } from "@/api/types";
import { Age } from "@/components/age";
import { momentText } from "@/format/time";

import { RiskBadge } from "./badges";
import { DecisionForm } from "./decision-form";

/** A question that waits for people, and the way to answer it. */
export function ApprovalPanel({ incident, approval }: { incident: Incident; approval: Approval }) {
  const { data: me } = useQuery(meQuery);
  const fix = incident.fixes.find(({ id }) => id === approval.fix);
  return (
    <Alert color="yellow" variant="light" title="This fix waits for a decision">
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          {approval.reasons.map(({ risk, reason }) => (
            <List.Item key={`${risk} ${reason}`}>{reason}</List.Item>
          ))}
        </List>
        <Group gap="md">
          {me?.may_decide && (
            <Button component="a" href={approval.path} size="sm" variant="default">
              Open in the console
            </Button>
          )}
          <RiskBadge risk={approval.risk} />
          <Text size="sm">
            asked <Age at={approval.requested_at} suffix=" ago" />, expires {momentText(approval.expires_at)}
          </Text>
        </Group>
        {approval.decisions.map((decision) => (
          <Text key={decision.at} size="sm">
            {decision.user} approved <Age at={decision.at} suffix=" ago" />
            {decision.comment && `: ${decision.comment}`}
          </Text>
        ))}
        {me?.may_decide && fix && <DecisionForm key={approval.id} incident={incident} approval={approval} fix={fix} />}
        {me?.may_decide === false && <Text size="sm">Your account may not decide; tell somebody whose may.</Text>}
      </Stack>
    </Alert>
  );
}
