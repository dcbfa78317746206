import { Alert, Button, Group, List, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { meQuery } from "@/api/me";
import type { Approval } from "@/api/types";
import { Age } from "@/components/age";
import { momentText } from "@/format/time";

import { RiskBadge } from "./badges";

/** A question that waits for people, and the way to answer it. */
export function ApprovalPanel({ approval }: { approval: Approval }) {
  const { data: me } = useQuery(meQuery);
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
            <Button component="a" href={approval.path} size="sm">
              Read and decide
            </Button>
          )}
          <RiskBadge risk={approval.risk} />
          <Text size="sm">
            asked <Age at={approval.requested_at} suffix=" ago" />, expires {momentText(approval.expires_at)}
          </Text>
        </Group>
        {me?.may_decide === false && <Text size="sm">Your account may not decide; tell somebody whose may.</Text>}
      </Stack>
    </Alert>
  );
}
