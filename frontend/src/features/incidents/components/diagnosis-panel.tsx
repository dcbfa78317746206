import { Badge, Code, List, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import type { Incident } from "@/api/types";
import { Prose } from "@/components/prose";
import { Section } from "@/components/section";
import { printedText } from "@/format/outside-text";
import { words } from "@/format/words";

import { type Diagnosis, Logs, type Read, stageOutput } from "../api/outputs";

import { Checked, CodeReference } from "./code-reference";
import { Confidence } from "./confidence";
import styles from "./diagnosis-panel.module.css";
import { MarkedList } from "./marked-list";

const CITATION_TEXT = { code: "code", log_event: "log event", commit: "commit" };
const VERDICT_COLOR = { confirmed: "green", refuted: "gray", open: "yellow" };

type Props = { incident: Incident; diagnosis: Diagnosis };

/** The root cause. What it names in the code was looked up at the deployed commit, or it would not be here. */
export function DiagnosisPanel({ incident, diagnosis }: Props) {
  const { location } = diagnosis;
  const lines = location.line_end > location.line_start ? `-${location.line_end}` : "";
  const logs = stageOutput(incident, "logs", Logs);
  return (
    <Section title="Diagnosis" aside={<Confidence value={diagnosis.confidence} />}>
      <Stack gap="md">
        <Stack gap={6}>
          <Text fw={600}>
            <Prose text={diagnosis.title} />
          </Text>
          <Text size="sm">
            <Prose text={diagnosis.root_cause} />
          </Text>
          <Text size="sm">
            <CodeReference incident={incident} reference={`${location.path}:${location.line_start}`} more={lines} />{" "}
            <Text span c="dimmed" size="sm">
              in
            </Text>{" "}
            <Checked>
              <Code>{location.function}</Code>
            </Checked>
          </Text>
          <Text size="xs" c="dimmed">
            <span aria-hidden>✓</span> looked up in {incident.service.repository} at{" "}
            {incident.deployed_commit.slice(0, 8) || "the deployed commit"}: it is there
          </Text>
        </Stack>
        <Part title="Causal chain">
          <ol className={styles.chain}>
            {diagnosis.causal_chain.map(({ claim, citation }, index) => (
              <li key={index}>
                <Text size="sm">
                  <Prose text={claim} />
                </Text>
                <Text size="xs" c="dimmed" component="div">
                  {CITATION_TEXT[citation.kind]}{" "}
                  {citation.kind === "code" ? (
                    <CodeReference incident={incident} reference={citation.reference} />
                  ) : (
                    <code>{citation.reference}</code>
                  )}
                  {citation.kind === "log_event" && <LogLine text={messageOf(logs, citation.reference)} />}
                </Text>
              </li>
            ))}
          </ol>
        </Part>
        <Part title="Hypotheses">
          <MarkedList
            items={diagnosis.hypotheses.map(({ statement, verdict, because }) => ({
              mark: <Badge color={VERDICT_COLOR[verdict]}>{words(verdict)}</Badge>,
              content: (
                <>
                  <Text size="sm">
                    <Prose text={statement} />
                  </Text>
                  <Text size="sm" c="dimmed">
                    <Prose text={because} />
                  </Text>
                </>
              ),
            }))}
          />
        </Part>
        {diagnosis.gaps.length > 0 && (
          <Part title="Gaps">
            <List size="sm" spacing={4}>
              {diagnosis.gaps.map((gap) => (
                <List.Item key={gap}>
                  <Prose text={gap} />
                </List.Item>
              ))}
            </List>
          </Part>
        )}
      </Stack>
    </Section>
  );
}

function messageOf(logs: Read<Logs>, id: string): string {
  const event = logs.is === "read" ? logs.output.events.find((each) => each.id === id) : undefined;
  return event ? printedText(event.message).trim() : "";
}

/** The first lines of the log event that shows a claim. */
function LogLine({ text }: { text: string }) {
  if (text === "") return null;
  return <code className={styles.logLine}>{text.split("\n").slice(0, LOG_LINES).join("\n")}</code>;
}

const LOG_LINES = 3;

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Title order={3} fz="sm" fw={600} mb={8}>
        {title}
      </Title>
      {children}
    </div>
  );
}
