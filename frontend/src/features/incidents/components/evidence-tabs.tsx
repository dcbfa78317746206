import { Badge, Group, Stack, Tabs, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Incident } from "@/api/types";
import { Age } from "@/components/age";
import { PageLink } from "@/components/page-link";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { printedText } from "@/format/outside-text";
import { clockText } from "@/format/time";
import { words } from "@/format/words";

import { Commits, Logs, Owners, type Read, Similar, stageOutput } from "../api/outputs";

import styles from "./evidence-tabs.module.css";
import { UnreadOutput } from "./unread-output";

/** What the evidence stages found, one tab each. */
export function EvidenceTabs({ incident }: { incident: Incident }) {
  const logs = stageOutput(incident, "logs", Logs);
  const commits = stageOutput(incident, "commits", Commits);
  const similar = stageOutput(incident, "similar", Similar);
  const owners = stageOutput(incident, "owners", Owners);
  if ([logs, commits, similar, owners].every(({ is }) => is === "absent")) return null;
  return (
    <Section title="Evidence">
      <Tabs defaultValue="logs" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="logs">Logs{count(logs, ({ events }) => events)}</Tabs.Tab>
          <Tabs.Tab value="commits">Commits{count(commits, (found) => found.commits)}</Tabs.Tab>
          <Tabs.Tab value="similar">Similar{count(similar, ({ incidents }) => incidents)}</Tabs.Tab>
          <Tabs.Tab value="owners">Owners{count(owners, (found) => found.owners)}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="logs">
          <Piece read={logs} isEmpty={({ events }) => events.length === 0} show={showLogs} />
        </Tabs.Panel>
        <Tabs.Panel value="commits">
          <Piece read={commits} isEmpty={(found) => found.commits.length === 0} show={showCommits} />
        </Tabs.Panel>
        <Tabs.Panel value="similar">
          <Piece read={similar} isEmpty={({ incidents }) => incidents.length === 0} show={showSimilar} />
        </Tabs.Panel>
        <Tabs.Panel value="owners">
          <Piece read={owners} isEmpty={(found) => found.owners.length === 0} show={showOwners} />
        </Tabs.Panel>
      </Tabs>
    </Section>
  );
}

function count<Output>(read: Read<Output>, found: (output: Output) => unknown[]): string {
  return read.is === "read" ? ` ${found(read.output).length}` : "";
}

type PieceProps<Output> = {
  read: Read<Output>;
  isEmpty: (output: Output) => boolean;
  show: (output: Output) => ReactNode;
};

function Piece<Output extends { missing: string }>({ read, isEmpty, show }: PieceProps<Output>) {
  if (read.is === "absent") return <Quiet>Not gathered yet.</Quiet>;
  if (read.is === "unreadable") return <UnreadOutput given={read.given} />;
  return (
    <Stack gap="xs">
      {read.output.missing ? (
        <Quiet>{read.output.missing}</Quiet>
      ) : (
        isEmpty(read.output) && <Quiet>Nothing found.</Quiet>
      )}
      {show(read.output)}
    </Stack>
  );
}

function showLogs({ events, log_groups: groups, filter_pattern: pattern }: Logs) {
  if (events.length === 0) return null;
  return (
    <>
      <Quiet>{`${groups.join(", ")}${pattern && ` · filter ${pattern}`}`}</Quiet>
      <ol className={styles.logs} tabIndex={0} aria-label="Log events">
        {events.map((event) => (
          <li key={event.id} title={`${event.log_stream} · ${event.id}`}>
            <time dateTime={event.at}>{clockText(event.at)}</time>
            <span>{printedText(event.message).trimEnd()}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function showCommits({ commits }: Commits) {
  return commits.map((commit) => (
    <div key={commit.sha}>
      <Text size="sm" fw={550}>
        <code>{commit.sha.slice(0, 8)}</code> {commit.subject}
      </Text>
      <Text size="xs" c="dimmed">
        {commit.author}, <Age at={commit.authored_at} suffix=" ago" /> · {commit.paths.join(", ")}
      </Text>
    </div>
  ));
}

function showSimilar({ incidents }: Similar) {
  return incidents.map((similar) => (
    <div key={similar.id}>
      <Group gap="xs">
        <PageLink to="/incidents/$incidentId" params={{ incidentId: String(similar.id) }} size="sm">
          #{similar.id} {similar.title}
        </PageLink>
        <Badge color="gray">{words(similar.status)}</Badge>
      </Group>
      <Quiet>{`distance ${similar.distance.toFixed(2)}${similar.root_cause && ` · ${similar.root_cause}`}`}</Quiet>
    </div>
  ));
}

function showOwners({ owners }: Owners) {
  return (
    <Group gap="xs">
      {owners.map((owner) => (
        <Badge key={owner} color="gray" size="lg">
          {owner}
        </Badge>
      ))}
    </Group>
  );
}
