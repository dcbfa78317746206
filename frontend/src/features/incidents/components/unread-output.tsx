import { Stack, Text } from "@mantine/core";

import { jsonText } from "@/format/json";

/** What a stage handed on in a shape that this page does not know: as it is, rather than not at all. */
export function UnreadOutput({ given }: { given: unknown }) {
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        This was written in a shape that this page does not know. As it is:
      </Text>
      <pre className="outside">{jsonText(given)}</pre>
    </Stack>
  );
}
