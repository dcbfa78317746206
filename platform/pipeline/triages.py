"""Triage: classify, then decide from live rows."""

from agents.evidence import Logs
from agents.triage.agent import triage
from agents.triage.context import LiveIncident, TriageContext
from agents.triage.handoff import Triage
from incidents import selectors
from incidents.choices import Classification, Severity, Stage, Status
from incidents.merging import incident_merge
from incidents.models import Incident
from pipeline.evidence import logs_or_missing
from pipeline.facts import alarm_facts, deployed_checkout
from pipeline.sessions import session_for
from pipeline.stages import pipeline_move, stage_run

ACTOR = "agent:triage"
LIVE_SHOWN = 20
LOG_EVENTS_SHOWN = 20


def triage_run(incident: Incident) -> None:
    """Classify the incident and move it to diagnosis, noise or duplicate; uncertain means real."""
    deployed_checkout(incident)
    result = stage_run(
        incident,
        Stage.TRIAGE,
        Triage,
        lambda run: triage(
            _context(incident),
            session_for("triage", incident, run),
            is_live=lambda other: selectors.is_live(incident_id=other, service=incident.service),
        ),
    )
    _apply(incident, result)


def _context(incident: Incident) -> TriageContext:
    live = list(selectors.live_incidents(service=incident.service).exclude(pk=incident.pk)[:LIVE_SHOWN])
    alarm_names = selectors.first_alarm_names(ids=[other.pk for other in live])
    return TriageContext(
        alarm=alarm_facts(incident),
        live_incidents=[
            LiveIncident(
                id=other.pk,
                title=other.title,
                status=other.status,
                severity=other.severity,
                alarm_name=alarm_names.get(other.pk, ""),
                first_seen_at=other.first_seen_at,
            )
            for other in live
        ],
        recent_logs=_recent_logs(incident),
    )


def _recent_logs(incident: Incident) -> Logs:
    logs = logs_or_missing(incident)
    return logs.model_copy(update={"events": logs.events[-LOG_EVENTS_SHOWN:]})


def _apply(incident: Incident, result: Triage) -> None:
    label = selectors.person_label(incident=incident)
    if label is not None and label.classification == Classification.REAL:
        # What a person said stands, however often triage is run again.
        who = label.labelled_by.get_username() if label.labelled_by else "a person"
        pipeline_move(incident, Status.DIAGNOSING, actor=ACTOR, reason=f"{who} says it is real")
        return
    found, severity = Incident.objects.filter(pk=incident.pk), Severity(result.severity)
    if result.classification == "duplicate" and result.duplicate_of is not None:
        found.update(severity=severity)
        reason = f"duplicate of #{result.duplicate_of}: {result.reason}"
        if incident_merge(incident=incident, original_id=result.duplicate_of, actor=ACTOR, reason=reason):
            return
        classification, note = Classification.REAL, f"not a duplicate: #{result.duplicate_of} is no longer live. "
    else:
        classification, note = Classification(result.classification), ""
    found.update(severity=severity, classification=classification)
    target = Status.NOISE if classification == Classification.NOISE else Status.DIAGNOSING
    pipeline_move(incident, target, actor=ACTOR, reason=f"{result.severity}, {result.rule}: {note}{result.reason}")
