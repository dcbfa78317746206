import { Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Incident } from "@/api/types";

import { candidateName, runArrange } from "../api/run";

import styles from "./run-graph.module.css";
import { StageBox } from "./stage-box";

export type RunProps = { incident: Incident; selected: number | null; onSelect: (stageRun: number) => void };

/** The run as its stages depend on each other: left to right on a wide screen, top to bottom on a phone. */
export function RunGraph({ incident, selected, onSelect }: RunProps) {
  const run = runArrange(incident);
  const box = { selected, onSelect };
  return (
    <div className={styles.graph}>
      <Phase name="Understand">
        <div className={styles.understand}>
          <div className={styles.triage}>
            <StageBox node={run.triage} {...box} />
          </div>
          <ul className={styles.evidence} aria-label="Evidence, gathered in parallel">
            {run.evidence.map((node) => (
              <li key={node.stage}>
                <StageBox node={node} {...box} />
              </li>
            ))}
          </ul>
          <div className={styles.diagnosis}>
            <StageBox node={run.diagnosis} {...box} />
          </div>
          <div className={styles.prepare}>
            <StageBox node={run.prepare} note="meanwhile" {...box} />
          </div>
        </div>
      </Phase>
      <Phase name="Fix">
        <ol className={styles.rounds}>
          {run.rounds.map((round) => (
            <li key={round.attempt}>
              <Text size="xs" c="dimmed" mb={4}>
                Round {round.attempt}
              </Text>
              {round.candidates.map(({ candidate, fix, trial, verdict, isIsolated }) => (
                <div key={candidate} className={styles.candidate}>
                  <StageBox node={fix} which={candidateName(round, candidate)} {...box} />
                  <StageBox
                    node={trial}
                    which={candidateName(round, candidate)}
                    trial={{ verdict, isIsolated }}
                    {...box}
                  />
                </div>
              ))}
            </li>
          ))}
        </ol>
      </Phase>
      <Phase name="Deliver">
        <ol className={styles.delivery}>
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

function Phase({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.phase} role="group" aria-label={name}>
      <Text size="xs" fw={600} c="dimmed" mb={8}>
        {name}
      </Text>
      {children}
    </div>
  );
}
