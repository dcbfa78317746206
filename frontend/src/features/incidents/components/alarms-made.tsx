import { Badge, Group, List, Stack, Text } from "@mantine/core";

import type { AlarmProposal } from "@/api/types";
import { jsonText } from "@/format/json";
import { outsideText } from "@/format/outside-text";
import { durationText } from "@/format/time";
import { words } from "@/format/words";

import { AlarmDefinition, DryRun, outputRead } from "../api/outputs";

import { Fold } from "./fold";
import { Section } from "./section";

const STATE_COLORS: Record<string, string> = { created: "green", refused: "red", proposed: "gray" };

const COMPARISONS: Record<string, string> = {
  GreaterThanOrEqualToThreshold: "≥",
  GreaterThanThreshold: ">",
  LessThanThreshold: "<",
  LessThanOrEqualToThreshold: "≤",
};

export function AlarmsMade({ proposals }: { proposals: readonly AlarmProposal[] }) {
  return (
    <Section title="New alarms">
      <Stack gap="md">
        {proposals.map((proposal) => (
          <Stack key={proposal.id} gap={4}>
            <Group gap="xs">
              <Text size="sm" fw={600} className="wrap-anywhere">
                {outsideText(proposal.name)}
              </Text>
              <Badge variant="light" tt="none" color={STATE_COLORS[proposal.state] ?? "gray"}>
                {words(proposal.state)}
              </Badge>
            </Group>
            <Definition given={proposal.definition} />
            <Checks given={proposal.dry_run} />
            <Fold summary="Definition">{() => <pre className="outside">{jsonText(proposal.definition)}</pre>}</Fold>
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

function Definition({ given }: { given: unknown }) {
  const read = outputRead(AlarmDefinition, given);
  if (read.is !== "read") return null;
  const alarm = read.output;
  return (
    <Text size="sm" className="wrap-anywhere">
      {alarm.statistic} of {outsideText(alarm.namespace)}/{outsideText(alarm.metric_name)}{" "}
      {COMPARISONS[alarm.comparison_operator] ?? alarm.comparison_operator} {alarm.threshold} in{" "}
      {alarm.datapoints_to_alarm} of {alarm.evaluation_periods} × {durationText(alarm.period_seconds)}
    </Text>
  );
}

function Checks({ given }: { given: unknown }) {
  const read = outputRead(DryRun, given);
  if (read.is !== "read") return null;
  return (
    <List size="sm" listStyleType="none" m={0}>
      {Object.entries(read.output).map(([check, { ok, detail }]) => (
        <List.Item key={check} c={ok ? "dimmed" : "red"} className="wrap-anywhere">
          {ok ? "✓" : "✗"} {words(check)}: {outsideText(detail)}
        </List.Item>
      ))}
    </List>
  );
}
