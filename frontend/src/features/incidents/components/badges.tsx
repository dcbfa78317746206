import { Badge } from "@mantine/core";

import type { Severity, Status, Verdict } from "@/api/types";

import { statusText, type Turn, TURN, verdictText } from "../choices";

import styles from "./badges.module.css";

const TURN_COLOR: Record<Turn, string> = { platform: "indigo", person: "orange", done: "teal", dropped: "gray" };

export function StatusBadge({ status, size = "md" }: { status: Status; size?: "md" | "lg" }) {
  const turn = status === "pr_open" ? "done" : TURN[status];
  return (
    <Badge
      color={TURN_COLOR[turn]}
      size={size}

      leftSection={turn === "platform" ? <span className={styles.pulse} aria-hidden /> : undefined}
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
      <span className={styles.severity} title="Not triaged yet">
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

export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const color = verdict === "fixed" ? "teal" : verdict === "" ? "gray" : "red";
  return (
    <Badge color={color} className={styles.badge}>
      {verdictText(verdict)}
    </Badge>
  );
}

const RISK_COLOR: Record<string, string> = { LOW: "teal", MEDIUM: "yellow", HIGH: "orange", CRITICAL: "red" };

export function RiskBadge({ risk }: { risk: string }) {
  return (
    <Badge color={RISK_COLOR[risk] ?? "gray"} className={styles.badge}>
      {risk}
    </Badge>
  );
}
