import { Badge } from "@mantine/core";

import { type Severity, type Status, statusText, type Turn, TURN } from "../choices";
import styles from "./badges.module.css";

const TURN_COLOR: Record<Turn, string> = { platform: "indigo", person: "orange", done: "teal", dropped: "gray" };

export function StatusBadge({ status, size = "md" }: { status: Status; size?: "md" | "lg" }) {
  const turn = status === "pr_open" ? "done" : TURN[status];
  return (
    <Badge
      variant="light"
      color={TURN_COLOR[turn]}
      size={size}
      tt="none"
      leftSection={TURN[status] === "platform" ? <span className={styles.pulse} aria-hidden /> : undefined}
      className={styles.badge}
    >
      {statusText(status)}
    </Badge>
  );
}

const SEVERITY_COLOR: Record<Severity, string> = { P0: "red", P1: "orange", P2: "yellow", P3: "gray" };

export function SeverityBadge({ severity }: { severity: Severity | "" }) {
  if (severity === "") {
    return (
      <span className={styles.severity} data-severity="none" title="Not triaged yet">
        –
      </span>
    );
  }
  return (
    <span
      className={styles.severity}
      data-severity={severity}
      style={{ "--severity": `var(--mantine-color-${SEVERITY_COLOR[severity]}-6)` }}
    >
      {severity}
    </span>
  );
}

const VERDICT_TEXT: Record<string, string> = {
  "": "Not tried yet",
  fixed: "Fixed",
  no_signal: "No signal",
  regression: "Regression",
  still_failing: "Still failing",
  flaky: "Flaky",
  weakened_tests: "Weakens tests",
  no_verdict: "No verdict",
};

export function VerdictBadge({ verdict }: { verdict: string }) {
  const color = verdict === "fixed" ? "teal" : verdict === "" ? "gray" : "red";
  return (
    <Badge variant="light" color={color} tt="none" className={styles.badge}>
      {VERDICT_TEXT[verdict] ?? verdict}
    </Badge>
  );
}

const RISK_COLOR: Record<string, string> = { LOW: "teal", MEDIUM: "yellow", HIGH: "orange", CRITICAL: "red" };

export function RiskBadge({ risk }: { risk: string }) {
  return (
    <Badge variant="light" color={RISK_COLOR[risk] ?? "gray"} className={styles.badge}>
      {risk}
    </Badge>
  );
}
