import { Badge, Code, Stack, Text } from "@mantine/core";

import { outsideText } from "@/format/outside-text";
import { words } from "@/format/words";

import type { Review } from "../api/outputs";

import { RiskBadge } from "./badges";
import classes from "./diagnosis-panel.module.css";
import { Section } from "./section";

const FINDING_COLORS: Record<string, string> = { info: "gray", minor: "yellow", major: "orange", critical: "red" };

export function ReviewPanel({ review }: { review: Review }) {
  return (
    <Section title="Review" aside={<RiskBadge risk={review.risk} />}>
      <Stack gap="sm">
        <Text size="sm" className="wrap-anywhere">
          <Text span fw={600} size="sm">
            {review.decision === "approve" ? "Approves." : "Asks for changes."}
          </Text>{" "}
          {outsideText(review.summary)}
        </Text>
        {review.findings.length > 0 && (
          <ul className={classes.hypotheses}>
            {review.findings.map((finding, index) => (
              <li key={index}>
                <Badge variant="light" tt="none" color={FINDING_COLORS[finding.severity] ?? "gray"}>
                  {words(finding.severity)}
                </Badge>
                <Text size="sm" className="wrap-anywhere">
                  {outsideText(finding.message)}{" "}
                  <Code>
                    {outsideText(finding.path)}
                    {finding.line ? `:${finding.line}` : ""}
                  </Code>
                </Text>
              </li>
            ))}
          </ul>
        )}
      </Stack>
    </Section>
  );
}
