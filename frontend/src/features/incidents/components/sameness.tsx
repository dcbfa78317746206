import { Stack, Text } from "@mantine/core";

import type { Incident } from "@/api/types";
import { words } from "@/format/words";

import { Fact } from "./fact";
import styles from "./incident-side.module.css";

/** Which further alarms and errors belong to this incident: what went into its two fingerprints. */
export function Sameness({ incident }: { incident: Incident }) {
  const alarm = partsOf(incident.fingerprint_parts);
  const error = partsOf(incident.error_fingerprint_parts);
  return (
    <Stack gap="sm">
      {alarm.length > 0 && <Parts title="An alarm of the same" parts={alarm} />}
      {error.length > 0 && <Parts title="An error in the logs of the same" parts={error} />}
    </Stack>
  );
}

type Part = { name: string; text: string };

function Parts({ title, parts }: { title: string; parts: Part[] }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <dl className={styles.facts}>
        {parts.map(({ name, text }) => (
          <Fact key={name} name={words(name)}>
            {text}
          </Fact>
        ))}
      </dl>
    </div>
  );
}

/** Return what can be shown; the recipe's version says nothing to a person. */
function partsOf(given: unknown): Part[] {
  if (typeof given !== "object" || given === null) return [];
  return Object.entries(given)
    .filter(([name]) => name !== "recipe")
    .map(([name, value]) => ({ name, text: Array.isArray(value) ? value.join(", ") : String(value) }))
    .filter(({ text }) => text !== "");
}
