import { Stack, Text } from "@mantine/core";

import type { Event } from "@/api/types";
import { Fold } from "@/components/fold";
import { RawText } from "@/components/raw-text";
import { jsonText } from "@/format/json";
import { momentText } from "@/format/time";
import { words } from "@/format/words";

export function RawEvents({ events }: { events: readonly Event[] }) {
  return (
    <Stack gap="xs">
      {events.map((event) => (
        <Fold
          key={event.id}
          summary={`${momentText(event.received_at)} · ${event.alarm_state || "no state"} · ${words(event.disposition)}`}
        >
          {() => (
            <>
              {event.disposition_reason && (
                <Text size="sm" c="dimmed" mb={6}>
                  {event.disposition_reason}
                </Text>
              )}
              <RawText label="Notification">{event.alarm === null ? event.subject : jsonText(event.alarm)}</RawText>
            </>
          )}
        </Fold>
      ))}
    </Stack>
  );
}
