import { Loader, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { CheckCircledIcon, CircleIcon, ClockIcon, CrossCircledIcon, MinusCircledIcon } from "@radix-ui/react-icons";

import type { StageRun, Verdict } from "@/api/types";
import { Elapsed } from "@/components/elapsed";
import { durationText } from "@/format/time";

import { endedAt, isRepetition, type NodeStatus, type StageNode } from "../api/run";
import { stageText, verdictText } from "../choices";

import styles from "./stage-box.module.css";

const STATUS_TEXT: Record<NodeStatus, string> = {
  running: "running",
  waiting: "waiting",
  succeeded: "succeeded",
  failed: "failed",
  to_come: "to come",
  not_run: "not run",
};

type Props = {
  node: StageNode;
  /** Which of several it is. */
  which?: string;
  note?: string;
  trial?: { verdict: Verdict; isIsolated: boolean };
  selected: number | null;
  onSelect: (stageRun: number) => void;
};

/** One stage of the graph; with a run behind it, a button that opens the run's particulars. */
export function StageBox({ node: { stage, status, run }, which, note, trial, selected, onSelect }: Props) {
  const verdict = trial?.verdict
    ? `${verdictText(trial.verdict)}${trial.isIsolated ? "" : ", not isolated"}`
    : undefined;
  const isSame = run !== undefined && isRepetition(run);
  // A trial that went through can still say no; one that another candidate's counts for says nothing.
  const shownStatus = isSame ? "not_run" : verdict !== undefined && trial?.verdict !== "fixed" ? "failed" : status;
  const content = (
    <>
      <Mark status={shownStatus} />
      <span className={styles.texts}>
        <Text span size="sm" fw={550} lh={1.25}>
          {stageText(stage)}
          {which && `, ${which}`}
        </Text>
        <Text span size="xs" c="dimmed" lh={1.3}>
          {[verdict, note].filter(Boolean).map((text) => `${text} · `)}
          {isSame ? "same change, not run" : run ? <Times run={run} /> : STATUS_TEXT[status]}
          {status === "waiting" && ` · ${STATUS_TEXT.waiting}`}
          {/* What the mark, or the place in the graph, says to those who see it. */}
          {run && (
            <VisuallyHidden>
              {status !== "waiting" && verdict === undefined && !isSame && `, ${STATUS_TEXT[status]}`}
              {run.attempt > 1 && `, round ${run.attempt}`}
            </VisuallyHidden>
          )}
        </Text>
      </span>
    </>
  );
  if (!run) {
    return (
      <div className={styles.box} data-status={status}>
        {content}
      </div>
    );
  }
  return (
    <UnstyledButton
      className={styles.box}
      data-status={shownStatus}
      aria-pressed={selected === run.id}
      onClick={() => {
        onSelect(run.id);
      }}
    >
      {content}
    </UnstyledButton>
  );
}

function Times({ run }: { run: StageRun }) {
  const waited = run.queue_seconds !== null && run.queue_seconds >= 1;
  return (
    <>
      <Elapsed from={run.started_at} to={endedAt(run)} />
      {waited && ` · waited ${durationText(run.queue_seconds)}`}
    </>
  );
}

function Mark({ status }: { status: NodeStatus }) {
  const size = { width: 16, height: 16, "aria-hidden": true };
  switch (status) {
    case "running":
      return <Loader size={16} aria-hidden />;
    case "waiting":
      return <ClockIcon {...size} className={styles.waiting} />;
    case "succeeded":
      return <CheckCircledIcon {...size} className={styles.succeeded} />;
    case "failed":
      return <CrossCircledIcon {...size} className={styles.failed} />;
    case "to_come":
      return <CircleIcon {...size} className={styles.quiet} />;
    case "not_run":
      return <MinusCircledIcon {...size} className={styles.quiet} />;
  }
}
