import { Group, Text, Tooltip } from "@mantine/core";

import type { LiveState } from "./live-feed";
import styles from "./live-mark.module.css";

const MEANING: Record<LiveState, { text: string; hint: string }> = {
  connecting: { text: "Connecting", hint: "Opening the live feed." },
  live: { text: "Live", hint: "Changes show as they happen." },
  reconnecting: { text: "Reconnecting", hint: "The live feed is cut off. The page asks for news every ten seconds." },
  "signed-out": { text: "Signed out", hint: "Your session has ended." },
  forbidden: { text: "Not live", hint: "Your account may not follow the live feed." },
};

export function LiveMark({ state }: { state: LiveState }) {
  const { text, hint } = MEANING[state];
  return (
    <Tooltip label={hint}>
      <Group gap={8} wrap="nowrap" role="status" aria-label={`Live feed: ${text}`} tabIndex={0}>
        <span className={styles.dot} data-state={state} aria-hidden />
        <Text size="sm" c="dimmed" visibleFrom="xs">
          {text}
        </Text>
      </Group>
    </Tooltip>
  );
}
