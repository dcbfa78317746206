import { Badge, Group, Stack, Text } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef, useState } from "react";

import type { AgentActivity, Incident, Stage, ToolActivity } from "@/api/types";
import { Section } from "@/components/section";
import { printedText } from "@/format/outside-text";

import { useActivity } from "../api/activity";
import { stageText } from "../choices";

import styles from "./agent-activity.module.css";

/** What the running agents say and which tools they use, as it comes. */
export function AgentActivities({ incident }: { incident: Incident }) {
  const activities = useActivity(incident);
  if (activities.length === 0) return null;
  return (
    <Section title="Agents at work">
      <Stack gap="md">
        {activities.map((activity) => (
          <Activity key={`${activity.stage} ${activity.attempt} ${activity.candidate}`} activity={activity} />
        ))}
      </Stack>
    </Section>
  );
}

function Activity({ activity }: { activity: AgentActivity }) {
  const { stage, attempt, candidate, step, text, tools } = activity;
  const name = [
    stageText(stage as Stage),
    attempt > 1 && `round ${attempt}`,
    candidate > 1 && `candidate ${candidate}`,
  ]
    .filter(Boolean)
    .join(", ");
  return (
    <Stack gap={6} component="article" aria-label={`${name}, at work`}>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          message {step + 1}
        </Text>
      </Group>
      <Words label={`What the agent says: ${name}`} text={printedText(text)} tools={tools} />
      <Announcement name={name} tools={tools} />
    </Stack>
  );
}

type WordsProps = { label: string; text: string; tools: ToolActivity[] };

/** Follows what comes, until its reader scrolls away from the end; back at the end it follows again. */
function Words({ label, text, tools }: WordsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [isFollowing, setIsFollowing] = useState(true);

  useLayoutEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [isFollowing, text, tools]);

  return (
    <div
      ref={box}
      className={styles.words}
      role="log"
      // Read out word by word it would drown everything else; what is worth hearing is announced below.
      aria-live="off"
      aria-label={label}
      tabIndex={0}
      data-following={isFollowing}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        setIsFollowing(scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS);
      }}
    >
      <p className={styles.text}>{text || "…"}</p>
      {tools.length > 0 && (
        <ul className={styles.tools}>
          {tools.map((tool, index) => (
            // The calls of one message keep their places.
            <li key={index}>
              <Badge color={TOOL_COLOR[tool.state]} size="sm">
                {tool.state}
              </Badge>{" "}
              <code>
                {tool.name}({printedText(tool.arguments)})
              </code>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const NEAR_END_PIXELS = 24;

const TOOL_COLOR: Record<ToolActivity["state"], string> = {
  asked: "gray",
  running: "indigo",
  done: "green",
  failed: "red",
};

const ANNOUNCE_EVERY_MS = 5_000;

/** Tells a screen reader, in its pauses and at most every five seconds, which tool the agent uses. */
function Announcement({ name, tools }: { name: string; tools: ToolActivity[] }) {
  const running = tools.find(({ state }) => state === "running");
  const words = running ? `${name} uses ${running.name}` : "";
  const [said, setSaid] = useState("");
  const next = useRef(0);

  useEffect(() => {
    if (words === "" || words === said) return;
    const timer = setTimeout(
      () => {
        next.current = Date.now() + ANNOUNCE_EVERY_MS;
        setSaid(words);
      },
      Math.max(0, next.current - Date.now()),
    );
    return () => {
      clearTimeout(timer);
    };
  }, [words, said]);

  return (
    <p role="status" className={styles.announcement}>
      {said}
    </p>
  );
}
