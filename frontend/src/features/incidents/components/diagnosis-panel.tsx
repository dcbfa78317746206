import { Badge, Code, List, Stack, Text } from "@mantine/core";

import { outsideText } from "@/format/outside-text";
import { words } from "@/format/words";

import type { Diagnosis } from "../api/outputs";

import { Confidence } from "./confidence";
import classes from "./diagnosis-panel.module.css";
import { Section } from "./section";

const CITATION_NAMES = { code: "code", log_event: "log event", commit: "commit" };
const VERDICT_COLORS = { confirmed: "green", refuted: "gray", open: "yellow" };

export function DiagnosisPanel({ diagnosis }: { diagnosis: Diagnosis }) {
  const { location } = diagnosis;
  return (
    <Section title="Diagnosis" aside={<Confidence value={diagnosis.confidence} />}>
      <Stack gap="md">
        <Stack gap={6}>
          <Text fw={600} className="wrap-anywhere">
            {outsideText(diagnosis.title)}
          </Text>
          <Text size="sm" className="wrap-anywhere">
            {outsideText(diagnosis.root_cause)}
          </Text>
          <Text size="sm" className="wrap-anywhere">
            <Code>
              {outsideText(location.path)}:{location.line_start}
              {location.line_end > location.line_start && `-${location.line_end}`}
            </Code>{" "}
            <Text span c="dimmed" size="sm">
              in
            </Text>{" "}
            <Code>{outsideText(location.function)}</Code>
          </Text>
        </Stack>
        <div>
          <Heading>Causal chain</Heading>
          <ol className={classes.chain}>
            {diagnosis.causal_chain.map(({ claim, citation }, index) => (
              <li key={index}>
                <Text size="sm" className="wrap-anywhere">
                  {outsideText(claim)}
                </Text>
                <Text size="xs" c="dimmed" className="wrap-anywhere">
                  {CITATION_NAMES[citation.kind]} <code>{outsideText(citation.reference)}</code>
                </Text>
              </li>
            ))}
          </ol>
        </div>
        <div>
          <Heading>Hypotheses</Heading>
          <ul className={classes.hypotheses}>
            {diagnosis.hypotheses.map((hypothesis, index) => (
              <li key={index}>
                <Badge variant="light" tt="none" color={VERDICT_COLORS[hypothesis.verdict]}>
                  {words(hypothesis.verdict)}
                </Badge>
                <div>
                  <Text size="sm" className="wrap-anywhere">
                    {outsideText(hypothesis.statement)}
                  </Text>
                  <Text size="sm" c="dimmed" className="wrap-anywhere">
                    {outsideText(hypothesis.because)}
                  </Text>
                </div>
              </li>
            ))}
          </ul>
        </div>
        {diagnosis.gaps.length > 0 && (
          <div>
            <Heading>Gaps</Heading>
            <List size="sm" spacing={4}>
              {diagnosis.gaps.map((gap) => (
                <List.Item key={gap}>{outsideText(gap)}</List.Item>
              ))}
            </List>
          </div>
        )}
      </Stack>
    </Section>
  );
}

function Heading({ children }: { children: string }) {
  return (
    <Text component="h3" size="sm" fw={600} m={0} mb={8}>
      {children}
    </Text>
  );
}
