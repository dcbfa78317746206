import { Stack, Text } from "@mantine/core";
import type * as v from "valibot";

import { outsideText } from "@/format/outside-text";
import { words } from "@/format/words";

import type { Triage } from "../api/outputs";

import { Confidence } from "./confidence";
import { Section } from "./section";

export function TriagePanel({ triage }: { triage: v.InferOutput<typeof Triage> }) {
  return (
    <Section title="Triage" aside={<Confidence value={triage.confidence} />}>
      <Stack gap={6}>
        <Text size="sm">
          <Text span fw={600} size="sm">
            {words(triage.classification)}, {triage.severity}.
          </Text>{" "}
          {outsideText(triage.reason)}
        </Text>
        <Text size="sm" c="dimmed">
          Rule: {outsideText(triage.rule)}
        </Text>
        {!triage.fixable_in_code && triage.not_fixable_reason && (
          <Text size="sm">Not a matter of code: {outsideText(triage.not_fixable_reason)}</Text>
        )}
      </Stack>
    </Section>
  );
}
