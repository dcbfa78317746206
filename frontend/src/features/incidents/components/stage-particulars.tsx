import { Alert, Code, Group, Stack, Text } from "@mantine/core";

import type { StageRun } from "@/api/types";
import { jsonText } from "@/format/json";
import { costText, tokensText } from "@/format/money";
import { outsideText } from "@/format/outside-text";
import { durationText, momentText } from "@/format/time";
import { plural } from "@/format/words";

import { Elapsed } from "./age";
import { Fold } from "./fold";
import { stageName } from "./stage-box";
import { Transcript } from "./transcript";

/** What one stage run took, cost, said and handed on. */
export function StageParticulars({ incident, run }: { incident: number; run: StageRun }) {
  return (
    <Stack gap="sm" component="section" aria-label={`${stageName(run.stage)}, particulars`}>
      <Group gap="lg">
        <Text fw={600}>
          {stageName(run.stage)}
          {run.attempt > 1 && `, round ${run.attempt}`}
          {run.candidate > 1 && `, candidate ${run.candidate}`}
        </Text>
        <Fact name="started" value={momentText(run.started_at)} />
        <Text size="sm">
          <Text span c="dimmed" size="sm">
            {run.finished_at ? "took" : "running for"}{" "}
          </Text>
          <Elapsed from={run.started_at} to={run.finished_at} />
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
          <Text size="sm" className="wrap-anywhere">
            {outsideText(run.error)}
          </Text>
        </Alert>
      )}
      {run.step_count > 0 && (
        <Fold summary={`Transcript, ${plural(run.step_count, "message")}`}>
          {() => <Transcript incident={incident} stageRun={run.id} />}
        </Fold>
      )}
      {run.output !== null && (
        <Fold summary="What it handed on">{() => <pre className="outside">{jsonText(run.output)}</pre>}</Fold>
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
