import { Text, Timeline } from "@mantine/core";

import type { Transition } from "@/api/types";
import { clockText, momentText } from "@/format/time";

import { statusText } from "../choices";

/** Every move of the incident's status, the newest first. */
export function TransitionList({ transitions }: { transitions: readonly Transition[] }) {
  return (
    <Timeline bulletSize={12} lineWidth={2} active={0}>
      {transitions
        .toSorted((one, other) => other.id - one.id)
        .map((transition) => (
          <Timeline.Item key={transition.id} title={statusText(transition.target)}>
            {transition.reason && (
              <Text size="sm" lineClamp={4}>
                {transition.reason}
              </Text>
            )}
            <Text size="xs" c="dimmed">
              <time dateTime={transition.at} title={momentText(transition.at)}>
                {clockText(transition.at)}
              </time>{" "}
              · {transition.actor}
            </Text>
          </Timeline.Item>
        ))}
    </Timeline>
  );
}
