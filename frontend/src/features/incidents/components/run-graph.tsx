import { Text } from "@mantine/core";

import type { Incident } from "@/api/types";

import { runArrange } from "../api/run";

import classes from "./run-graph.module.css";
import { StageBox } from "./stage-box";

interface RunGraphProps {
  incident: Incident;
  selected: number | null;
  onSelect: (stageRun: number) => void;
}

/** The run as its stages depend on each other: left to right on a wide screen, top to bottom on a phone. */
export function RunGraph({ incident, selected, onSelect }: RunGraphProps) {
  const run = runArrange(incident);
  const box = { selected, onSelect };
  return (
    <div className={classes.graph}>
      <Phase name="Understand">
        <div className={classes.understand}>
          <div className={classes.triage}>
            <StageBox node={run.triage} {...box} />
          </div>
          <ul className={classes.evidence} aria-label="Evidence, gathered in parallel">
            {run.evidence.map((node) => (
              <li key={node.stage}>
                <StageBox node={node} {...box} />
              </li>
            ))}
          </ul>
          <div className={classes.diagnosis}>
            <StageBox node={run.diagnosis} {...box} />
          </div>
          <div className={classes.prepare}>
            <StageBox node={run.prepare} note="sandbox, meanwhile" {...box} />
          </div>
        </div>
      </Phase>
      <Phase name="Fix">
        <ol className={classes.rounds}>
          {run.rounds.map((round) => (
            <li key={round.attempt}>
              <Text size="xs" c="dimmed" mb={4}>
                Round {round.attempt}
              </Text>
              {round.candidates.map(({ candidate, fix, trial, verdict }) => (
                <div key={candidate} className={classes.candidate}>
                  <StageBox node={fix} {...box} />
                  <StageBox node={trial} verdict={verdict} {...box} />
                </div>
              ))}
            </li>
          ))}
        </ol>
      </Phase>
      <Phase name="Deliver">
        <ol className={classes.delivery}>
          {run.delivery.map((node) => (
            <li key={node.stage}>
              <StageBox node={node} {...box} />
            </li>
          ))}
        </ol>
      </Phase>
    </div>
  );
}

function Phase({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <section className={classes.phase} aria-label={name}>
      <Text size="xs" fw={600} c="dimmed" mb={8}>
        {name}
      </Text>
      {children}
    </section>
  );
}
