import { Stack, Text } from "@mantine/core";

import type { Event } from "@/api/types";
import { jsonText } from "@/format/json";
import { momentText } from "@/format/time";
import { words } from "@/format/words";

import { Fold } from "./fold";

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
              <pre className="outside">{jsonText(event.alarm)}</pre>
            </>
          )}
        </Fold>
      ))}
    </Stack>
  );
}
