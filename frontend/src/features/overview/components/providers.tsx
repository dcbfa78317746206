import { Badge, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { summaryQuery } from "@/api/summary";
import type { Breaker } from "@/api/types";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { clockText } from "@/format/time";

const STATES: Record<Breaker["state"], { color: string; text: string }> = {
  closed: { color: "teal", text: "answers" },
  open: { color: "red", text: "left alone" },
  half_open: { color: "yellow", text: "being tried" },
};

/** How calls to each outside system stand. */
export function Providers() {
  const { data: summary } = useQuery(summaryQuery);
  return (
    <Section title="Outside systems">
      {summary?.breakers.length === 0 && <Quiet>Not known: Redis does not answer.</Quiet>}
      <Stack gap="xs">
        {summary?.breakers.map((breaker) => (
          <div key={breaker.name}>
            <Group justify="space-between">
              <Text size="sm" fw={550}>
                {breaker.name}
              </Text>
              <Badge color={STATES[breaker.state].color}>{STATES[breaker.state].text}</Badge>
            </Group>
            {breaker.state !== "closed" && (
              <Quiet>
                {breaker.reason}
                {breaker.retry_at && ` Tried again at ${clockText(breaker.retry_at)}.`}
              </Quiet>
            )}
          </div>
        ))}
      </Stack>
    </Section>
  );
}
