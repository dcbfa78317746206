import { Badge, Group, List, Stack, Text } from "@mantine/core";

import type { AlarmProposal } from "@/api/types";
import { Age } from "@/components/age";
import { Fold } from "@/components/fold";
import { RawText } from "@/components/raw-text";
import { Section } from "@/components/section";
import { jsonText } from "@/format/json";
import { durationText, momentText } from "@/format/time";
import { words } from "@/format/words";

import { AlarmDefinition, DryRun, outputRead } from "../api/outputs";

const STATE_COLOR: Record<AlarmProposal["state"], string> = {
  proposed: "yellow",
  approved: "blue",
  created: "green",
  declined: "gray",
  refused: "red",
};

const COMPARISON: Record<string, string> = {
  GreaterThanOrEqualToThreshold: "≥",
  GreaterThanThreshold: ">",
  LessThanThreshold: "<",
  LessThanOrEqualToThreshold: "≤",
};

/** The alarms that were missing, and whether each passed its dry run. */
export function AlarmsMade({ proposals }: { proposals: readonly AlarmProposal[] }) {
  return (
    <Section title="New alarms">
      <Stack gap="md">
        {proposals.map((proposal) => (
          <Stack key={proposal.id} gap={4}>
            <Group gap="xs">
              <Text size="sm" fw={600}>
                {proposal.name}
              </Text>
              <Badge color={STATE_COLOR[proposal.state]}>{words(proposal.state)}</Badge>
            </Group>
            <Decision proposal={proposal} />
            <Definition given={proposal.definition} />
            <Checks given={proposal.dry_run} />
            <Fold summary="Definition">
              {() => <RawText label={`Definition of ${proposal.name}`}>{jsonText(proposal.definition)}</RawText>}
            </Fold>
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

/** Who said yes or no, or since when the question waits. */
function Decision({ proposal: { state, asked_at, decided_by, decided_at } }: { proposal: AlarmProposal }) {
  if (decided_at !== null) {
    return (
      <Text size="sm">
        {state === "declined" ? "declined" : "wanted"} by {decided_by}, {momentText(decided_at)}
      </Text>
    );
  }
  if (asked_at === null || state !== "proposed") return null;
  return (
    <Text size="sm">
      waits for a click in the console, asked <Age at={asked_at} suffix=" ago" />
    </Text>
  );
}

function Definition({ given }: { given: unknown }) {
  const read = outputRead(AlarmDefinition, given);
  if (read.is !== "read") return null;
  const alarm = read.output;
  return (
    <Text size="sm">
      {alarm.statistic} of {alarm.namespace}/{alarm.metric_name}{" "}
      {COMPARISON[alarm.comparison_operator] ?? alarm.comparison_operator} {alarm.threshold} in{" "}
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
        <List.Item key={check} {...(ok && { c: "dimmed" })}>
          {ok ? "✓" : "✗"} {words(check)}: {detail}
        </List.Item>
      ))}
    </List>
  );
}
