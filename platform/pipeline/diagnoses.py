"""Diagnosis: the grounded root cause, and whether it goes to a fix or to a person."""

from django.conf import settings

from agents.diagnosis.agent import diagnose
from agents.diagnosis.context import DiagnosisContext
from agents.diagnosis.handoff import Diagnosis
from agents.triage.handoff import Triage
from core.errors import NeedsHuman
from incidents.choices import Mode, Stage, Status
from incidents.models import Incident
from pipeline.facts import alarm_facts, deployed_checkout, evidence_of
from pipeline.indexing import incident_refresh
from pipeline.known_errors import known_error_settle
from pipeline.sessions import session_for
from pipeline.stages import pipeline_move, stage_output, stage_run


class NotForAFix(NeedsHuman):
    """The cause is known or suspected, and a person has to act on it."""

    exit_reason = "NotForAFix"


def diagnosis_run(incident: Incident) -> None:
    """Diagnose from all evidence and move on to fixing, or raise NotForAFix with what a person should do."""
    triage = stage_output(incident, Stage.TRIAGE, Triage)
    evidence = evidence_of(incident)
    if known_error_settle(incident, evidence.logs):
        return
    diagnosis = stage_run(
        incident,
        Stage.DIAGNOSIS,
        Diagnosis,
        lambda run: diagnose(
            DiagnosisContext(alarm=alarm_facts(incident), triage=triage, evidence=evidence),
            session_for("diagnosis", incident, run),
            checkout=deployed_checkout(incident),
        ),
    )
    incident_refresh(incident)
    _check_goes_to_fix(incident, triage, diagnosis)
    place = diagnosis.location
    pipeline_move(
        incident,
        Status.FIXING,
        actor="agent:diagnosis",
        reason=f"{diagnosis.title} ({place.path}:{place.line_start} {place.function})",
    )


def _check_goes_to_fix(incident: Incident, triage: Triage, diagnosis: Diagnosis) -> None:
    least = settings.ENV.pipeline_min_confidence
    if not triage.fixable_in_code:
        raise NotForAFix(f"Not fixable in code: {triage.not_fixable_reason} Diagnosis: {diagnosis.title}.")
    if diagnosis.confidence < least:
        raise NotForAFix(
            f"The diagnosis has confidence {diagnosis.confidence:.2f}, below {least:.2f}: {diagnosis.title}. "
            f"Gaps: {'; '.join(diagnosis.gaps) or 'none named'}."
        )
    if incident.service.mode == Mode.OBSERVE:
        raise NotForAFix(f"{incident.service} is in observe mode. Diagnosis: {diagnosis.title}.")
