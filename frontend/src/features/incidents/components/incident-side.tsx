import { Anchor, Code, Progress, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Incident } from "@/api/types";
import { PageLink } from "@/components/page-link";
import { Section } from "@/components/section";
import { costText, tokensText } from "@/format/money";
import { durationText, momentText } from "@/format/time";
import { words } from "@/format/words";

import { RiskBadge } from "./badges";
import { Fact } from "./fact";
import styles from "./incident-side.module.css";
import { Sameness } from "./sameness";
import { TransitionList } from "./transition-list";

/** What stands beside the story: times, costs, decisions, duplicates, history. */
export function IncidentSide({ incident }: { incident: Incident }) {
  const decided = incident.approvals.filter(({ state }) => state !== "pending");
  return (
    <Stack gap="md" component="aside" miw={0}>
      {incident.time_to_pull_request && <TimeToPullRequest time={incident.time_to_pull_request} />}
      <Section title="Facts">
        <Facts incident={incident} />
      </Section>
      {decided.length > 0 && (
        <Section title="Approval">
          <Stack gap="sm">
            {decided.map((approval) => (
              <Stack key={approval.id} gap={4}>
                <Text size="sm">
                  <Anchor href={approval.path} size="sm" fw={600}>
                    {words(approval.state)}
                  </Anchor>{" "}
                  {approval.decided_at && momentText(approval.decided_at)}
                </Text>
                <RiskBadge risk={approval.risk} />
                {approval.decisions.map((decision) => (
                  <Text key={decision.at} size="sm" c="dimmed">
                    {decision.user}: {words(decision.decision).toLowerCase()}
                    {decision.reason && `, ${words(decision.reason).toLowerCase()}`}
                    {decision.comment && `. ${decision.comment}`}
                  </Text>
                ))}
              </Stack>
            ))}
          </Stack>
        </Section>
      )}
      {(incident.duplicate_of !== null || incident.duplicates.length > 0) && (
        <Section title="Duplicates">
          <Stack gap={6}>
            {incident.duplicate_of !== null && (
              <Text size="sm">
                This is one of <IncidentLink id={incident.duplicate_of}>#{incident.duplicate_of}</IncidentLink>.
              </Text>
            )}
            {incident.duplicates.map((duplicate) => (
              <IncidentLink key={duplicate.id} id={duplicate.id}>
                #{duplicate.id} {duplicate.title}
              </IncidentLink>
            ))}
          </Stack>
        </Section>
      )}
      <Section title="What belongs to it">
        <Sameness incident={incident} />
      </Section>
      <Section title="History">
        <TransitionList transitions={incident.transitions} />
      </Section>
    </Stack>
  );
}

function IncidentLink({ id, children }: { id: number; children: ReactNode }) {
  return (
    <PageLink to="/incidents/$incidentId" params={{ incidentId: String(id) }} size="sm">
      {children}
    </PageLink>
  );
}

function TimeToPullRequest({ time }: { time: NonNullable<Incident["time_to_pull_request"]> }) {
  const agents = time.total_seconds ? (100 * time.agents_seconds) / time.total_seconds : 0;
  return (
    <Section title="Time to pull request">
      <Text fz={26} fw={650} lh={1.2} mb={8}>
        {durationText(time.total_seconds)}
      </Text>
      <Progress.Root size={8} aria-hidden>
        <Progress.Section value={agents} color="indigo" />
        <Progress.Section value={100 - agents} color="yellow" />
      </Progress.Root>
      <Text size="sm" c="dimmed" mt={8}>
        agents {durationText(time.agents_seconds)} · people {durationText(time.people_seconds)}
      </Text>
    </Section>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const { service, pull_request: pullRequest } = incident;
  const tokens = incident.stage_runs.reduce((sum, run) => sum + run.input_tokens + run.output_tokens, 0);
  return (
    <dl className={styles.facts}>
      <Fact name="Cost">
        {costText(incident.cost_usd)}
        {tokens > 0 && ` · ${tokensText(tokens)} tokens`}
      </Fact>
      <Fact name="Repository">{service.repository}</Fact>
      {incident.deployed_commit && (
        <Fact name="Deployed">
          <Code>{incident.deployed_commit.slice(0, 10)}</Code>
        </Fact>
      )}
      {pullRequest && (
        <Fact name="Pull request">
          #{pullRequest.number}, {words(pullRequest.state).toLowerCase()}
          {pullRequest.merge_commit && (
            <>
              {" "}
              as <Code>{pullRequest.merge_commit.slice(0, 10)}</Code>
            </>
          )}
        </Fact>
      )}
      <Fact name="Mode">
        {words(service.mode)}, people decide from {service.approval_threshold}
      </Fact>
      {service.owners.length > 0 && <Fact name="Owners">{service.owners.join(", ")}</Fact>}
    </dl>
  );
}
