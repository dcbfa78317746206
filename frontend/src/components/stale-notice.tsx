import { Alert } from "@mantine/core";

import { Age } from "./age";
import { problemWords } from "./problem-words";

/** Says that what is on the page is old because reading it again failed. */
export function StaleNotice({ error, readAt }: { error: Error; readAt: number }) {
  return (
    <Alert color="orange" variant="light" title={problemWords(error).title} role="status">
      Shown is what was read <Age at={new Date(readAt).toISOString()} suffix=" ago" />.
    </Alert>
  );
}
