import { Stack, Text } from "@mantine/core";

import { Prose } from "@/components/prose";
import { Section } from "@/components/section";
import { words } from "@/format/words";

import type { Triage } from "../api/outputs";

import { Confidence } from "./confidence";

export function TriagePanel({ triage }: { triage: Triage }) {
  return (
    <Section title="Triage" aside={<Confidence value={triage.confidence} />}>
      <Stack gap={6}>
        <Text size="sm">
          <Text span fw={600} size="sm">
            {words(triage.classification)}, {triage.severity}.
          </Text>{" "}
          <Prose text={triage.reason} />
        </Text>
        <Text size="sm" c="dimmed">
          Rule: {triage.rule}
        </Text>
        {!triage.fixable_in_code && triage.not_fixable_reason && (
          <Text size="sm">
            Not a matter of code: <Prose text={triage.not_fixable_reason} />
          </Text>
        )}
      </Stack>
    </Section>
  );
}
