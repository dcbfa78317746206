import { Stack } from "@mantine/core";

import { Quiet } from "@/components/quiet";
import { RawText } from "@/components/raw-text";
import { jsonText } from "@/format/json";

/** What a stage handed on in a shape that this page does not know: as it is, rather than not at all. */
export function UnreadOutput({ given }: { given: unknown }) {
  return (
    <Stack gap="xs">
      <Quiet>This was written in a shape that this page does not know. As it is:</Quiet>
      <RawText label="As it is">{jsonText(given)}</RawText>
    </Stack>
  );
}
