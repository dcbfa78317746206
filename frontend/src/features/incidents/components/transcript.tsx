import { Alert, Badge, Group, Loader, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { AgentStep } from "@/api/types";
import { useLastFailure } from "@/api/use-last-failure";
import { Fold } from "@/components/fold";
import { problemWords } from "@/components/problem-words";
import { RawText } from "@/components/raw-text";
import { jsonText } from "@/format/json";
import { costText } from "@/format/money";
import { printedText } from "@/format/outside-text";
import { clockText } from "@/format/time";
import { words } from "@/format/words";

import { type Block, blocksRead, resultText } from "../api/blocks";
import { stepsQuery } from "../api/queries";

import styles from "./transcript.module.css";

type Props = { incident: number; stageRun: number; isRunning: boolean };

/** What an agent and its tools said to each other, in order; asked for when it is opened. */
export function Transcript({ incident, stageRun, isRunning }: Props) {
  const steps = useQuery(stepsQuery(incident, stageRun, { isRunning }));
  const failure = useLastFailure(steps);
  if (steps.data === undefined) {
    if (!failure) return <Loader size="sm" role="img" aria-label="Loading the transcript" />;
    const { title, text } = problemWords(failure);
    return (
      <Alert color="orange" title={title}>
        {text}
      </Alert>
    );
  }
  return (
    <ol className={styles.steps}>
      {steps.data.map((step) => (
        <Step key={step.id} step={step} />
      ))}
    </ol>
  );
}

function Step({ step }: { step: AgentStep }) {
  const isAgent = step.role === "assistant";
  return (
    <li className={styles.step} data-role={step.role}>
      <Group gap="xs" mb={4}>
        <Badge size="sm" color={isAgent ? "indigo" : "gray"}>
          {isAgent ? "Agent" : "Platform"}
        </Badge>
        <Text size="xs" c="dimmed">
          {clockText(step.created_at)}
          {Number(step.cost_usd) > 0 && ` · ${costText(step.cost_usd)}`}
          {step.stop_reason && step.stop_reason !== "tool_use" && ` · ${words(step.stop_reason).toLowerCase()}`}
        </Text>
      </Group>
      <Stack gap={6}>
        {blocksRead(step.content).map((block, index) => (
          // Blocks of a stored message never move.
          <BlockShown key={index} block={block} />
        ))}
      </Stack>
    </li>
  );
}

const LONGEST_UNFOLDED_CHARACTERS = 600;

function BlockShown({ block }: { block: Block }) {
  switch (block.type) {
    case "text":
      return block.text.length > LONGEST_UNFOLDED_CHARACTERS ? (
        <Fold summary={`${block.text.slice(0, 120)}…`}>{() => <RawText label="Message">{block.text}</RawText>}</Fold>
      ) : (
        <Text size="sm" className={styles.text}>
          {block.text}
        </Text>
      );
    case "thinking":
      return <Fold summary="Thinking">{() => <RawText label="Thinking">{block.thinking}</RawText>}</Fold>;
    case "tool_use":
      return (
        <Fold summary={<code>{block.name}</code>}>
          {() => <RawText label={`Call of ${block.name}`}>{jsonText(block.input)}</RawText>}
        </Fold>
      );
    case "tool_result":
      return (
        <Fold summary={block.is_error ? "Result: an error" : "Result"}>
          {() => <RawText label="Result">{printedText(resultText(block.content) ?? jsonText(block.content))}</RawText>}
        </Fold>
      );
    case "other":
      return <RawText label="Message">{jsonText(block.given)}</RawText>;
  }
}
