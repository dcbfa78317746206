import { Loader, Text, UnstyledButton } from "@mantine/core";
import { CheckCircledIcon, CircleIcon, ClockIcon, CrossCircledIcon, MinusCircledIcon } from "@radix-ui/react-icons";

import type { Stage, Verdict } from "@/api/types";
import { words } from "@/format/words";

import type { NodeStatus, StageNode } from "../api/run";

import { Elapsed } from "./age";
import classes from "./stage-box.module.css";

const STAGE_NAMES: Partial<Record<Stage, string>> = {
  similar: "Similar incidents",
  pull_request: "Pull request",
  prepare: "Prepare",
};

const STATUS_TEXTS: Record<NodeStatus, string> = {
  running: "running",
  waiting: "waiting for an outside system",
  succeeded: "succeeded",
  failed: "failed",
  to_come: "to come",
  not_run: "not run",
};

interface StageBoxProps {
  node: StageNode;
  note?: string;
  verdict?: Verdict;
  selected: number | null;
  onSelect: (stageRun: number) => void;
}

export function stageName(stage: Stage): string {
  return STAGE_NAMES[stage] ?? words(stage);
}

/** One stage of the graph; with a run behind it, a button that opens the run's particulars. */
export function StageBox({ node: { stage, status, run }, note, verdict, selected, onSelect }: StageBoxProps) {
  const isBad = status === "failed" || (verdict !== undefined && verdict !== "" && verdict !== "fixed");
  const content = (
    <>
      <Mark status={isBad ? "failed" : status} />
      <span className={classes.texts}>
        <Text span size="sm" fw={550} lh={1.25}>
          {stageName(stage)}
        </Text>
        <Text span size="xs" c="dimmed" lh={1.3}>
          {verdict ? `${words(verdict)} · ` : note && `${note} · `}
          {run ? <Elapsed from={run.started_at} to={run.finished_at} /> : STATUS_TEXTS[status]}
          {status === "waiting" && " · waiting"}
        </Text>
      </span>
    </>
  );
  if (!run) {
    return (
      <div className={classes.box} data-status={status}>
        {content}
      </div>
    );
  }
  return (
    <UnstyledButton
      className={classes.box ?? ""}
      data-status={isBad ? "failed" : status}
      aria-pressed={selected === run.id}
      aria-label={`${stageName(stage)}${run.attempt > 1 ? ` ${run.attempt}` : ""}: ${verdict ? words(verdict) : STATUS_TEXTS[status]}`}
      onClick={() => {
        onSelect(run.id);
      }}
    >
      {content}
    </UnstyledButton>
  );
}

function Mark({ status }: { status: NodeStatus }) {
  const size = { width: 16, height: 16, "aria-hidden": true };
  switch (status) {
    case "running":
      return <Loader size={16} aria-hidden />;
    case "waiting":
      return <ClockIcon {...size} className={classes.waiting} />;
    case "succeeded":
      return <CheckCircledIcon {...size} className={classes.succeeded} />;
    case "failed":
      return <CrossCircledIcon {...size} className={classes.failed} />;
    case "to_come":
      return <CircleIcon {...size} className={classes.quiet} />;
    case "not_run":
      return <MinusCircledIcon {...size} className={classes.quiet} />;
  }
}
