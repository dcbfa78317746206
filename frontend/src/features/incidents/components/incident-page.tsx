import { Center, Loader, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { ApiProblem } from "@/api/problem";
import type { Fix, Incident } from "@/api/types";
import { useLastFailure } from "@/api/use-last-failure";
import { Fold } from "@/components/fold";
import { ProblemPage } from "@/components/problem-page";
import { Quiet } from "@/components/quiet";
import { Section } from "@/components/section";
import { StaleNotice } from "@/components/stale-notice";
import { plural } from "@/format/words";

import { Diagnosis, outputRead, Review, stageOutput, Triage } from "../api/outputs";
import { incidentQuery } from "../api/queries";
import { attemptName, attemptsArrange } from "../api/run";

import { AgentActivities } from "./agent-activity";
import { AlarmsMade } from "./alarms-made";
import { ApprovalPanel } from "./approval-panel";
import { DiagnosisPanel } from "./diagnosis-panel";
import { EvidenceTabs } from "./evidence-tabs";
import { FixAttempt } from "./fix-attempt";
import { IncidentHeader } from "./incident-header";
import styles from "./incident-page.module.css";
import { IncidentSide } from "./incident-side";
import { RawEvents } from "./raw-events";
import { ReviewPanel } from "./review-panel";
import { RunView } from "./run-view";
import { StageParticulars } from "./stage-particulars";
import { TriagePanel } from "./triage-panel";
import { UnreadOutput } from "./unread-output";

export function IncidentPage() {
  const { incidentId: id } = useParams({ from: "/incidents/$incidentId" });
  if (!/^\d{1,15}$/.test(id)) return <Missing />;
  return <KnownIncident key={id} id={Number(id)} />;
}

function KnownIncident({ id }: { id: number }) {
  const incident = useQuery(incidentQuery(id));
  const failure = useLastFailure(incident);

  if (incident.data === undefined) {
    return failure ? (
      <ProblemPage error={failure} onRetry={() => void incident.refetch()} />
    ) : (
      <Center py={80}>
        <title>{`Incident #${id} · agent-platform`}</title>
        <Loader role="img" aria-label="Loading the incident" />
      </Center>
    );
  }
  return (
    <Stack gap="md">
      <title>{`#${id} ${incident.data.title} · agent-platform`}</title>
      {failure && <StaleNotice error={failure} readAt={incident.dataUpdatedAt} />}
      <Whole incident={incident.data} />
    </Stack>
  );
}

function Missing() {
  return <ProblemPage error={new ApiProblem("not-found", "No incident has this number.")} />;
}

function Whole({ incident }: { incident: Incident }) {
  const [selected, setSelected] = useState<number | null>(null);
  const run = incident.stage_runs.find(({ id }) => id === selected);
  const triage = stageOutput(incident, "triage", Triage);
  const diagnosis = stageOutput(incident, "diagnosis", Diagnosis);
  const attempts = attemptsArrange(incident);

  return (
    <>
      <IncidentHeader incident={incident} />
      {incident.approvals.map((approval) =>
        approval.state === "pending" ? <ApprovalPanel key={approval.id} incident={incident} approval={approval} /> : null,
      )}
      <Section title="Run">
        <Stack gap="md">
          <RunView
            incident={incident}
            selected={selected}
            onSelect={(id) => {
              setSelected(id === selected ? null : id);
            }}
          />
          {run && <StageParticulars key={run.id} incident={incident} run={run} />}
        </Stack>
      </Section>
      <AgentActivities incident={incident} />
      <div className={styles.columns}>
        <Stack gap="md" miw={0}>
          {diagnosis.is === "read" && <DiagnosisPanel incident={incident} diagnosis={diagnosis.output} />}
          {diagnosis.is === "unreadable" && (
            <Section title="Diagnosis">
              <UnreadOutput given={diagnosis.given} />
            </Section>
          )}
          {attempts.length > 0 && (
            <Section title="Fix" aside={<Quiet>{plural(attempts.length, "attempt")}</Quiet>}>
              <Stack gap="lg">
                {attempts.map((fix, index) => (
                  <FixAttempt key={fix.id} incident={incident} fix={fix} isOpenAtFirst={index === 0} />
                ))}
              </Stack>
            </Section>
          )}
          {attempts.map((fix) => (
            <ReviewOf key={fix.id} incident={incident} fix={fix} isOnly={attempts.length === 1} />
          ))}
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
    </>
  );
}

function ReviewOf({ incident, fix, isOnly }: { incident: Incident; fix: Fix; isOnly: boolean }) {
  const review = outputRead(Review, fix.review);
  if (review.is === "absent") return null;
  const title = isOnly ? "Review" : `Review of ${attemptName(incident, fix).toLowerCase()}`;
  if (review.is === "read") return <ReviewPanel incident={incident} title={title} review={review.output} />;
  return (
    <Section title={title}>
      <UnreadOutput given={review.given} />
    </Section>
  );
}
