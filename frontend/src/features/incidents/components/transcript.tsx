import { Badge, Group, Loader, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { AgentStep } from "@/api/types";
import { jsonText } from "@/format/json";
import { costText } from "@/format/money";
import { outsideText } from "@/format/outside-text";
import { clockText } from "@/format/time";
import { words } from "@/format/words";
import { ProblemPage } from "@/components/problem-page";

import { type Block, blocksRead, resultText } from "../api/blocks";
import { stepsQuery } from "../api/queries";

import { Fold } from "./fold";
import classes from "./transcript.module.css";

/** What an agent and its tools said to each other, in order; asked for when it is opened. */
export function Transcript({ incident, stageRun }: { incident: number; stageRun: number }) {
  const steps = useQuery(stepsQuery(incident, stageRun));
  if (steps.isPending) return <Loader size="sm" aria-label="Loading the transcript" />;
  if (!steps.data) return <ProblemPage error={steps.error} onRetry={() => void steps.refetch()} />;
  return (
    <ol className={classes.steps}>
      {steps.data.map((step) => (
        <Step key={step.id} step={step} />
      ))}
    </ol>
  );
}

function Step({ step }: { step: AgentStep }) {
  const isAgent = step.role === "assistant";
  return (
    <li className={classes.step} data-role={step.role}>
      <Group gap="xs" mb={4}>
        <Badge size="sm" variant="light" color={isAgent ? "indigo" : "gray"} tt="none">
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
        <Fold summary={`${outsideText(block.text.slice(0, 120))}…`}>
          {() => <pre className="outside">{outsideText(block.text)}</pre>}
        </Fold>
      ) : (
        <Text size="sm" className={classes.text ?? ""}>
          {outsideText(block.text)}
        </Text>
      );
    case "thinking":
      return <Fold summary="Thinking">{() => <pre className="outside">{outsideText(block.thinking)}</pre>}</Fold>;
    case "tool_use":
      return (
        <Fold summary={<code>{block.name}</code>}>{() => <pre className="outside">{jsonText(block.input)}</pre>}</Fold>
      );
    case "tool_result":
      return (
        <Fold summary={block.is_error ? "Result: an error" : "Result"}>
          {() => (
            <pre className="outside">{outsideText(resultText(block.content) ?? jsonText(block.content ?? null))}</pre>
          )}
        </Fold>
      );
    case "other":
      return <pre className="outside">{jsonText(block.given)}</pre>;
  }
}
