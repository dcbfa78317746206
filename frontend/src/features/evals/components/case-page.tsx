import { Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { Loaded } from "@/components/loaded";
import { Quiet } from "@/components/quiet";
import { RawText } from "@/components/raw-text";
import { Section } from "@/components/section";
import { jsonText } from "@/format/json";
import { words } from "@/format/words";

import { evalCaseQuery } from "../api/queries";

/** What a case puts to the agents, and what is right. */
export function CasePage() {
  const { suite, caseId } = useParams({ from: "/evals/cases/$suite/$caseId" });
  const found = useQuery(evalCaseQuery(suite, caseId));
  return (
    <Stack gap="md">
      <title>{`${caseId} · agent-platform`}</title>
      <div>
        <Title order={1} size="h2">
          {caseId}
        </Title>
        <Quiet>A case of the suite {suite}, as this release has it.</Quiet>
      </div>
      <Loaded query={found} what="the case">
        {({ document }) => <Parts document={document} />}
      </Loaded>
    </Stack>
  );
}

function Parts({ document }: { document: unknown }) {
  return Object.entries(document ?? {})
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => (
      <Section key={name} title={words(name)}>
        <RawText label={words(name)}>{typeof value === "string" ? value : jsonText(value)}</RawText>
      </Section>
    ));
}
