import { Badge, Stack, Text } from "@mantine/core";

import type { Incident } from "@/api/types";
import { Prose } from "@/components/prose";
import { Section } from "@/components/section";
import { words } from "@/format/words";

import type { Review } from "../api/outputs";

import { RiskBadge } from "./badges";
import { CodeReference } from "./code-reference";
import { MarkedList } from "./marked-list";

const SEVERITY_COLOR: Record<string, string> = { info: "gray", minor: "yellow", major: "orange", critical: "red" };

type Props = { incident: Incident; title: string; review: Review };

export function ReviewPanel({ incident, title, review }: Props) {
  return (
    <Section title={title} aside={<RiskBadge risk={review.risk} />}>
      <Stack gap="sm">
        <Text size="sm">
          <Text span fw={600} size="sm">
            {review.decision === "approve" ? "Approves." : "Asks for changes."}
          </Text>{" "}
          <Prose text={review.summary} />
        </Text>
        {review.findings.length > 0 && (
          <MarkedList
            items={review.findings.map((finding) => ({
              mark: <Badge color={SEVERITY_COLOR[finding.severity] ?? "gray"}>{words(finding.severity)}</Badge>,
              content: (
                <Text size="sm">
                  <Prose text={finding.message} />{" "}
                  <CodeReference
                    incident={incident}
                    reference={finding.path + (finding.line === null ? "" : `:${finding.line}`)}
                  />
                </Text>
              ),
            }))}
          />
        )}
      </Stack>
    </Section>
  );
}
