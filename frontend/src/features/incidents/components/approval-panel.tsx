import { Alert, Button, Group, List, Stack, Text } from "@mantine/core";

import type { Approval } from "@/api/types";
import { outsideText } from "@/format/outside-text";
import { momentText } from "@/format/time";

import { Age } from "./age";
import { RiskBadge } from "./badges";

/** A question that waits for people, and the way to answer it. */
export function ApprovalPanel({ approval }: { approval: Approval }) {
  return (
    <Alert color="yellow" variant="light" title="This fix waits for a decision">
      <Stack gap="sm">
        <List size="sm" spacing={4}>
          {approval.reasons.map(({ risk, reason }) => (
            <List.Item key={`${risk} ${reason}`} className="wrap-anywhere">
              {outsideText(reason)}
            </List.Item>
          ))}
        </List>
        <Group gap="md">
          <Button component="a" href={approval.path} size="sm">
            Read and decide
          </Button>
          <RiskBadge risk={approval.risk} />
          <Text size="sm" c="dimmed">
            asked <Age since={approval.requested_at} /> ago, expires {momentText(approval.expires_at)}
          </Text>
        </Group>
      </Stack>
    </Alert>
  );
}
