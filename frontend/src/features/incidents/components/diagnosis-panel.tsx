import { Badge, Code, List, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { Section } from "@/components/section";
import { words } from "@/format/words";

import type { Diagnosis } from "../api/outputs";

import { Confidence } from "./confidence";
import styles from "./diagnosis-panel.module.css";
import { MarkedList } from "./marked-list";

const CITATION_TEXT = { code: "code", log_event: "log event", commit: "commit" };
const VERDICT_COLOR = { confirmed: "green", refuted: "gray", open: "yellow" };

export function DiagnosisPanel({ diagnosis }: { diagnosis: Diagnosis }) {
  const { location } = diagnosis;
  return (
    <Section title="Diagnosis" aside={<Confidence value={diagnosis.confidence} />}>
      <Stack gap="md">
        <Stack gap={6}>
          <Text fw={600}>{diagnosis.title}</Text>
          <Text size="sm">{diagnosis.root_cause}</Text>
          <Text size="sm">
            <Code>
              {location.path}:{location.line_start}
              {location.line_end > location.line_start && `-${location.line_end}`}
            </Code>{" "}
            <Text span c="dimmed" size="sm">
              in
            </Text>{" "}
            <Code>{location.function}</Code>
          </Text>
        </Stack>
        <Part title="Causal chain">
          <ol className={styles.chain}>
            {diagnosis.causal_chain.map(({ claim, citation }, index) => (
              <li key={index}>
                <Text size="sm">{claim}</Text>
                <Text size="xs" c="dimmed">
                  {CITATION_TEXT[citation.kind]} <code>{citation.reference}</code>
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
                  <Text size="sm">{statement}</Text>
                  <Text size="sm" c="dimmed">
                    {because}
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
                <List.Item key={gap}>{gap}</List.Item>
              ))}
            </List>
          </Part>
        )}
      </Stack>
    </Section>
  );
}

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
