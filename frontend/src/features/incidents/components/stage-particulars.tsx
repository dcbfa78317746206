import { Alert, Code, Group, Stack, Text } from "@mantine/core";

import type { Incident, StageRun } from "@/api/types";
import { Elapsed } from "@/components/elapsed";
import { Fold } from "@/components/fold";
import { RawText } from "@/components/raw-text";
import { jsonText } from "@/format/json";
import { costText, tokensText } from "@/format/money";
import { durationText, momentText } from "@/format/time";
import { plural } from "@/format/words";

import { endedAt, nameInRun } from "../api/run";
import { stageText } from "../choices";

import { RefusedOutputs } from "./refused-outputs";
import { Transcript } from "./transcript";

/** What one stage run took, cost, said and handed on. */
export function StageParticulars({ incident, run }: { incident: Incident; run: StageRun }) {
  const ended = endedAt(run);
  const which = nameInRun(incident, run);
  return (
    <Stack gap="sm" component="section" aria-label={`${stageText(run.stage)}, particulars`}>
      <Group gap="lg">
        <Text fw={600}>
          {stageText(run.stage)}
          {which && `, ${which}`}
        </Text>
        <Fact name="started" value={momentText(run.started_at)} />
        <Text size="sm">
          <Text span c="dimmed" size="sm">
            {ended === null ? "running for" : "took"}{" "}
          </Text>
          <Elapsed from={run.started_at} to={ended} />
        </Text>
        {run.queue_seconds !== null && run.queue_seconds >= 1 && (
          <Fact name="queued" value={durationText(run.queue_seconds)} />
        )}
        {run.claims > 1 && <Fact name="taken up" value={plural(run.claims, "time")} />}
        {run.model && <Fact name="model" value={run.model} />}
        {run.input_tokens > 0 && (
          <Fact name="tokens" value={`${tokensText(run.input_tokens)} in, ${tokensText(run.output_tokens)} out`} />
        )}
        {Number(run.cost_usd) > 0 && <Fact name="cost" value={costText(run.cost_usd)} />}
        {run.exit_reason && run.exit_reason !== "Submitted" && <Code>{run.exit_reason}</Code>}
      </Group>
      {run.error && (
        <Alert color={run.status === "waiting" ? "orange" : "red"} py="xs">
          <Text size="sm">{run.error}</Text>
        </Alert>
      )}
      <RefusedOutputs refused={run.refused_outputs} />
      {run.step_count > 0 && (
        <Fold summary={`Transcript, ${plural(run.step_count, "message")}`}>
          {() => <Transcript incident={incident.id} stageRun={run.id} isRunning={run.status === "running"} />}
        </Fold>
      )}
      {run.output !== null && (
        <Fold summary="What it handed on">
          {() => <RawText label="What it handed on">{jsonText(run.output)}</RawText>}
        </Fold>
      )}
    </Stack>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <Text size="sm">
      <Text span c="dimmed" size="sm">
        {name}{" "}
      </Text>
      {value}
    </Text>
  );
}
