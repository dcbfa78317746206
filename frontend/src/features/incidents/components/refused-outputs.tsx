import { Alert, Stack, Text } from "@mantine/core";

import type { StageRun } from "@/api/types";
import { Fold } from "@/components/fold";
import { RawText } from "@/components/raw-text";
import { jsonText } from "@/format/json";
import { printedText } from "@/format/outside-text";
import { plural } from "@/format/words";

import styles from "./refused-outputs.module.css";

/** What the agent of a failed run wanted to hand on, each with what was wrong with it. */
export function RefusedOutputs({ refused }: { refused: StageRun["refused_outputs"] }) {
  if (refused.length === 0) return null;
  return (
    <Fold summary={`Refused: ${plural(refused.length, "output")}`} isOpenAtFirst>
      {() => (
        <Stack gap="sm" component="ol" className={styles.list}>
          {refused.map(({ step, output, problems }, index) => (
            // A failed run's refusals are stored, in order.
            <li key={index}>
              <Alert color="red" py="xs" title={`Message ${step + 1} was refused`}>
                <Text size="sm" className={styles.problems}>
                  {printedText(problems)}
                </Text>
              </Alert>
              <Fold summary="What it wanted to hand on">
                {() => <RawText label={`Refused in message ${step + 1}`}>{jsonText(output)}</RawText>}
              </Fold>
            </li>
          ))}
        </Stack>
      )}
    </Fold>
  );
}
