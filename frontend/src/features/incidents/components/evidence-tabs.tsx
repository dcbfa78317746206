import { Anchor, Badge, Group, Stack, Tabs, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type * as v from "valibot";

import type { Incident } from "@/api/types";
import { outsideText } from "@/format/outside-text";
import { clockText } from "@/format/time";
import { words } from "@/format/words";

import { Commits, Logs, Owners, type Read, Similar, stageOutput } from "../api/outputs";

import { Age } from "./age";
import classes from "./evidence-tabs.module.css";
import { Section } from "./section";
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

interface PieceProps<Output extends { missing: string }> {
  read: Read<Output>;
  isEmpty: (output: Output) => boolean;
  show: (output: Output) => ReactNode;
}

function Piece<Output extends { missing: string }>({ read, isEmpty, show }: PieceProps<Output>) {
  if (read.is === "absent") return <Quiet>Not gathered yet.</Quiet>;
  if (read.is === "unreadable") return <UnreadOutput given={read.given} />;
  return (
    <Stack gap="xs">
      {read.output.missing ? (
        <Quiet>{outsideText(read.output.missing)}</Quiet>
      ) : (
        isEmpty(read.output) && <Quiet>Nothing found.</Quiet>
      )}
      {show(read.output)}
    </Stack>
  );
}

function Quiet({ children }: { children: string }) {
  return (
    <Text size="sm" c="dimmed" className="wrap-anywhere">
      {children}
    </Text>
  );
}

function showLogs({ events, log_groups: groups, filter_pattern: pattern }: v.InferOutput<typeof Logs>) {
  if (events.length === 0) return null;
  return (
    <>
      <Quiet>{`${groups.join(", ")}${pattern && ` · filter ${pattern}`}`}</Quiet>
      <div className={`outside ${classes.logs ?? ""}`} tabIndex={0} role="log" aria-label="Log events" aria-live="off">
        {events.map((event) => (
          <div key={event.id} title={`${event.log_stream} · ${event.id}`}>
            <time dateTime={event.at}>{clockText(event.at)}</time>
            <span>{outsideText(event.message).trimEnd()}</span>
          </div>
        ))}
      </div>
    </>
  );
}

function showCommits({ commits }: v.InferOutput<typeof Commits>) {
  return commits.map((commit) => (
    <div key={commit.sha}>
      <Text size="sm" fw={550} className="wrap-anywhere">
        <code>{commit.sha.slice(0, 8)}</code> {outsideText(commit.subject)}
      </Text>
      <Text size="xs" c="dimmed" className="wrap-anywhere">
        {outsideText(commit.author)}, <Age since={commit.authored_at} /> ago · {commit.paths.join(", ")}
      </Text>
    </div>
  ));
}

function showSimilar({ incidents }: v.InferOutput<typeof Similar>) {
  return incidents.map((similar) => (
    <div key={similar.id}>
      <Group gap="xs">
        <Anchor
          size="sm"
          renderRoot={(props) => <Link to="/incidents/$incidentId" params={{ incidentId: String(similar.id) }} {...props} />}
        >
          #{similar.id} {outsideText(similar.title)}
        </Anchor>
        <Badge variant="light" color="gray" tt="none">
          {words(similar.status)}
        </Badge>
      </Group>
      <Quiet>{`distance ${similar.distance.toFixed(2)}${similar.root_cause && ` · ${outsideText(similar.root_cause)}`}`}</Quiet>
    </div>
  ));
}

function showOwners({ owners }: v.InferOutput<typeof Owners>) {
  return (
    <Group gap="xs">
      {owners.map((owner) => (
        <Badge key={owner} variant="light" color="gray" tt="none" size="lg">
          {outsideText(owner)}
        </Badge>
      ))}
    </Group>
  );
}
