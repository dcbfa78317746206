import type { Fix, Incident, Stage, StageRun, StageStatus } from "@/api/types";

export type NodeStatus = StageStatus | "to_come" | "not_run";

/** One stage as the graph shows it: its newest run, or none yet. */
export interface StageNode {
  stage: Stage;
  status: NodeStatus;
  run: StageRun | undefined;
}

/** One round of fixing: each candidate's proposal beside its trial. */
export interface FixRound {
  attempt: number;
  candidates: { candidate: number; fix: StageNode; trial: StageNode; verdict: Fix["verdict"] }[];
}

const EVIDENCE: readonly Stage[] = ["logs", "commits", "similar", "owners"];
const DELIVERY: readonly Stage[] = ["review", "gate", "pull_request", "merge", "monitor"];

export interface Run {
  triage: StageNode;
  evidence: StageNode[];
  diagnosis: StageNode;
  prepare: StageNode;
  rounds: FixRound[];
  delivery: StageNode[];
}

/** Arrange an incident's stage runs as they depend on each other. */
export function runArrange(incident: Incident): Run {
  const node = (stage: Stage, fits: (run: StageRun) => boolean = () => true): StageNode => {
    const run = incident.stage_runs.findLast((each) => each.stage === stage && fits(each));
    return { stage, run, status: run?.status ?? (incident.is_open ? "to_come" : "not_run") };
  };
  const attempts = incident.stage_runs
    .filter(({ stage }) => stage === "fix" || stage === "trial")
    .map(({ attempt }) => attempt);
  const rounds = [...new Set(attempts)].sort((one, other) => one - other);

  return {
    triage: node("triage"),
    evidence: EVIDENCE.map((stage) => node(stage)),
    diagnosis: node("diagnosis"),
    prepare: node("prepare"),
    rounds: (rounds.length ? rounds : [1]).map((attempt) => {
      const numbers = incident.stage_runs
        .filter((run) => run.attempt === attempt && (run.stage === "fix" || run.stage === "trial"))
        .map(({ candidate }) => candidate);
      const candidates = numbers.length ? [...new Set(numbers)].sort((one, other) => one - other) : [1];
      return {
        attempt,
        candidates: candidates.map((candidate) => {
          const isOfIt = (each: { attempt: number; candidate: number }) =>
            each.attempt === attempt && each.candidate === candidate;
          return {
            candidate,
            fix: node("fix", isOfIt),
            trial: node("trial", isOfIt),
            verdict: incident.fixes.find(isOfIt)?.verdict ?? "",
          };
        }),
      };
    }),
    delivery: DELIVERY.map((stage) => node(stage)),
  };
}
