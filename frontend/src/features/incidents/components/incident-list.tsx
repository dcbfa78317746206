import { Text } from "@mantine/core";
import { memo } from "react";

import type { IncidentRow } from "@/api/types";
import { Age } from "@/components/age";
import { Elapsed } from "@/components/elapsed";
import { OutsideLink } from "@/components/outside-link";
import { PageLink } from "@/components/page-link";
import { costText } from "@/format/money";
import { plural } from "@/format/words";

import { stageText, TURN } from "../choices";

import { SeverityBadge, StatusBadge } from "./badges";
import styles from "./incident-list.module.css";

const COLUMNS = ["Severity", "Incident", "Status", "Now", "Seen", "Age", "Cost"];

/** One row for each incident; on a narrow screen a row becomes a card. */
export function IncidentList({ incidents }: { incidents: IncidentRow[] }) {
  return (
    <div role="table" aria-label="Incidents" className={styles.table}>
      <div role="rowgroup">
        <div role="row" className={styles.head}>
          {COLUMNS.map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup">
        {incidents.map((incident) => (
          <Row key={incident.id} incident={incident} />
        ))}
      </div>
    </div>
  );
}

/** Drawn anew only when its incident changed: what is read again keeps the rows that are the same. */
const Row = memo(function Row({ incident }: { incident: IncidentRow }) {
  return (
    <div role="row" className={styles.row}>
      <span role="cell" className={styles.severity}>
        <SeverityBadge severity={incident.severity} />
      </span>
      <span role="cell" className={styles.incident}>
        <PageLink
          to="/incidents/$incidentId"
          params={{ incidentId: String(incident.id) }}
          className={styles.title}
          underline="never"
        >
          {incident.title}
        </PageLink>
        <Text component="span" size="xs" c="dimmed" truncate>
          #{incident.id} · {incident.service}
        </Text>
      </span>
      <span role="cell" className={styles.status}>
        <StatusBadge status={incident.status} />
      </span>
      <span role="cell" className={styles.now}>
        <Now incident={incident} />
      </span>
      <span role="cell" className={styles.seen} title={plural(incident.occurrences, "alarm")}>
        ×{incident.occurrences.toLocaleString("en")}
      </span>
      <span role="cell" className={styles.age}>
        <Age at={incident.first_seen_at} />
      </span>
      <span role="cell" className={styles.cost}>
        {costText(incident.cost_usd)}
      </span>
    </div>
  );
});

/** What happens with the incident at this moment: a stage that runs, its pull request, or why it stands. */
function Now({ incident }: { incident: IncidentRow }) {
  const running = incident.unfinished_stages.filter((run) => run.status === "running");
  const first = running[0];
  if (first !== undefined) {
    return (
      <Text component="span" size="sm">
        {running.map((run) => stageText(run.stage)).join(", ")}{" "}
        <Text component="span" size="sm" c="dimmed" className={styles.figure}>
          <Elapsed from={first.started_at} to={null} />
        </Text>
      </Text>
    );
  }
  if (incident.pull_request !== null) {
    return (
      <OutsideLink to={incident.pull_request.url} size="sm" className={styles.above}>
        #{incident.pull_request.number} {incident.pull_request.state}
      </OutsideLink>
    );
  }
  if (TURN[incident.status] === "done" || incident.status_reason === "") return null;
  return (
    <Text component="span" size="sm" c="dimmed" lineClamp={2} title={incident.status_reason}>
      {incident.status_reason}
    </Text>
  );
}
