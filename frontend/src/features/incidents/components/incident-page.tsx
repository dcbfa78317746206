import { Center, Loader, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { ApiProblem } from "@/api/problem";
import type { Incident } from "@/api/types";
import { plural } from "@/format/words";
import { ProblemPage } from "@/components/problem-page";

import { Diagnosis, Review, stageOutput, Triage } from "../api/outputs";
import { incidentQuery } from "../api/queries";

import { AlarmsMade } from "./alarms-made";
import { ApprovalPanel } from "./approval-panel";
import { DiagnosisPanel } from "./diagnosis-panel";
import { EvidenceTabs } from "./evidence-tabs";
import { FixAttempt } from "./fix-attempt";
import { Fold } from "./fold";
import { IncidentHeader } from "./incident-header";
import classes from "./incident-page.module.css";
import { IncidentSide } from "./incident-side";
import { RawEvents } from "./raw-events";
import { ReviewPanel } from "./review-panel";
import { RunGraph } from "./run-graph";
import { Section } from "./section";
import { StageParticulars } from "./stage-particulars";
import { TriagePanel } from "./triage-panel";
import { UnreadOutput } from "./unread-output";

export function IncidentPage() {
  const { incidentId: id } = useParams({ from: "/incidents/$incidentId" });
  if (!/^\d{1,15}$/.test(id)) return <Missing />;
  return <KnownIncident key={id} id={Number(id)} />;
}

function KnownIncident({ id }: { id: number }) {
  const { data: incident, error, isPending, refetch } = useQuery(incidentQuery(id));

  useEffect(() => {
    document.title = `${incident ? `#${id} ${incident.title}` : `Incident #${id}`} · agent-platform`;
  }, [id, incident]);

  if (isPending) {
    return (
      <Center py={80}>
        <Loader aria-label="Loading the incident" />
      </Center>
    );
  }
  if (!incident) return <ProblemPage error={error} onRetry={() => void refetch()} />;
  return <Whole incident={incident} />;
}

function Missing() {
  return <ProblemPage error={new ApiProblem("not-found", "No incident has this number.")} />;
}

function Whole({ incident }: { incident: Incident }) {
  const [selected, setSelected] = useState<number | null>(null);
  const run = incident.stage_runs.find(({ id }) => id === selected);
  const triage = stageOutput(incident, "triage", Triage);
  const diagnosis = stageOutput(incident, "diagnosis", Diagnosis);
  const review = stageOutput(incident, "review", Review);
  const attempts = incident.fixes.toSorted(
    (one, other) => other.attempt - one.attempt || one.candidate - other.candidate,
  );

  return (
    <Stack gap="md">
      <IncidentHeader incident={incident} />
      {incident.approvals.map((approval) =>
        approval.state === "pending" ? <ApprovalPanel key={approval.id} approval={approval} /> : null,
      )}
      <Section title="Run">
        <Stack gap="md">
          <RunGraph
            incident={incident}
            selected={selected}
            onSelect={(id) => {
              setSelected(id === selected ? null : id);
            }}
          />
          {run && <StageParticulars key={run.id} incident={incident.id} run={run} />}
        </Stack>
      </Section>
      <div className={classes.columns}>
        <Stack gap="md" miw={0}>
          {diagnosis.is === "read" && <DiagnosisPanel diagnosis={diagnosis.output} />}
          {diagnosis.is === "unreadable" && (
            <Section title="Diagnosis">
              <UnreadOutput given={diagnosis.given} />
            </Section>
          )}
          {attempts.length > 0 && (
            <Section title="Fix" aside={plural(attempts.length, "attempt")}>
              <Stack gap="lg">
                {attempts.map((fix, index) => (
                  <FixAttempt key={fix.id} fix={fix} isNewest={index === 0} />
                ))}
              </Stack>
            </Section>
          )}
          {review.is === "read" && <ReviewPanel review={review.output} />}
          {review.is === "unreadable" && (
            <Section title="Review">
              <UnreadOutput given={review.given} />
            </Section>
          )}
          <EvidenceTabs incident={incident} />
          {triage.is === "read" && <TriagePanel triage={triage.output} />}
          {incident.alarm_proposals.length > 0 && <AlarmsMade proposals={incident.alarm_proposals} />}
          <Section title="Raw events">
            <Fold summary={`${plural(incident.events.length, "notification")}, the newest first`}>
              {() => <RawEvents events={incident.events} />}
            </Fold>
          </Section>
        </Stack>
        <IncidentSide incident={incident} />
      </div>
    </Stack>
  );
}
