import type { Fix, Incident, Stage, StageRun, StageStatus, Verdict } from "@/api/types";

import { isIsolated } from "./outputs";

export type NodeStatus = StageStatus | "to_come" | "not_run";

/** One stage as the graph shows it: its newest run, or none yet. */
export type StageNode = { stage: Stage; status: NodeStatus; run: StageRun | undefined };

/** One round of fixing: each candidate's proposal beside its trial. */
export type FixRound = { attempt: number; candidates: Candidate[] };
type Candidate = { candidate: number; fix: StageNode; trial: StageNode; verdict: Verdict; isIsolated: boolean };

// platform/pipeline/rounds.py: another candidate of the round is the same change, and is tried for both.
const SAME_BYTES = "SameBytes";

export type Run = {
  triage: StageNode;
  evidence: StageNode[];
  diagnosis: StageNode;
  prepare: StageNode;
  rounds: FixRound[];
  delivery: StageNode[];
};

const EVIDENCE: readonly Stage[] = ["logs", "commits", "similar", "owners"];
const DELIVERY: readonly Stage[] = ["review", "gate", "pull_request", "merge", "monitor"];

/** Arrange an incident's stage runs as they depend on each other. */
export function runArrange(incident: Incident): Run {
  const node = (stage: Stage): StageNode => stageNode(incident, stage, incident.stage_runs);
  return {
    triage: node("triage"),
    evidence: EVIDENCE.map(node),
    diagnosis: node("diagnosis"),
    prepare: node("prepare"),
    rounds: roundsArrange(incident),
    delivery: DELIVERY.map(node),
  };
}

/** Return the text that says whose trial counts for this fix, or an empty one where it has its own. */
export function repetitionText(incident: Incident, { attempt, candidate }: Fix): string {
  const trial = incident.stage_runs.findLast(
    (run) => run.stage === "trial" && run.attempt === attempt && run.candidate === candidate,
  );
  return trial && isRepetition(trial) ? trial.error : "";
}

/** Whether a trial did not take place because another candidate is the same change. */
export function isRepetition(run: StageRun): boolean {
  return run.exit_reason === SAME_BYTES;
}

/** Return the attempts at a fix: the newest round first, and of a round what was decided on or passed first. */
export function attemptsArrange(incident: Incident): Fix[] {
  const chosen = new Set([...incident.approvals.map(({ fix }) => fix), incident.pull_request?.fix]);
  const rank = (fix: Fix) => (chosen.has(fix.id) ? 0 : fix.verdict === "fixed" ? 1 : 2);
  return incident.fixes.toSorted(
    (one, other) => other.attempt - one.attempt || rank(one) - rank(other) || one.candidate - other.candidate,
  );
}

/** Return when a run ended; what is taken up again has an end from before. */
export function endedAt(run: StageRun): string | null {
  return run.status === "running" ? null : run.finished_at;
}

/** Return which candidate of its round something is, "candidate 2"; empty where it is the only one. */
export function candidateName({ candidates }: FixRound, candidate: number): string {
  return candidates.length > 1 ? `candidate ${candidate}` : "";
}

/** Return which round and candidate a run of a stage belongs to, "round 2, candidate 1"; empty where it is the only one. */
export function nameInRun(incident: Incident, { attempt, candidate }: Pick<StageRun, "attempt" | "candidate">): string {
  const round = roundsArrange(incident).find((each) => each.attempt === attempt);
  return [attempt > 1 && `round ${attempt}`, round && candidateName(round, candidate)].filter(Boolean).join(", ");
}

/** Return the name of an attempt at a fix: "Round 1", "Round 2, candidate 3". */
export function attemptName(incident: Incident, { attempt, candidate }: Fix): string {
  const isOneOfSeveral = incident.fixes.some((each) => each.attempt === attempt && each.candidate !== candidate);
  return `Round ${attempt}${isOneOfSeveral ? `, candidate ${candidate}` : ""}`;
}

function stageNode(incident: Incident, stage: Stage, runs: readonly StageRun[]): StageNode {
  const run = runs.findLast((each) => each.stage === stage);
  return { stage, run, status: run?.status ?? (incident.is_open ? "to_come" : "not_run") };
}

function roundsArrange(incident: Incident): FixRound[] {
  const runs = incident.stage_runs.filter(({ stage }) => stage === "fix" || stage === "trial");
  return numbersOf(runs.map(({ attempt }) => attempt)).map((attempt) => {
    const ofRound = runs.filter((run) => run.attempt === attempt);
    return {
      attempt,
      candidates: numbersOf(ofRound.map(({ candidate }) => candidate)).map((candidate) => {
        const ofCandidate = ofRound.filter((run) => run.candidate === candidate);
        const fix = incident.fixes.find((each) => each.attempt === attempt && each.candidate === candidate);
        return {
          candidate,
          fix: stageNode(incident, "fix", ofCandidate),
          trial: stageNode(incident, "trial", ofCandidate),
          verdict: fix?.verdict ?? "",
          isIsolated: fix !== undefined && isIsolated(fix),
        };
      }),
    };
  });
}

/** Return each number once, in order; a first one that is still to come if there is none. */
function numbersOf(numbers: number[]): number[] {
  return numbers.length > 0 ? [...new Set(numbers)].sort((one, other) => one - other) : [1];
}
