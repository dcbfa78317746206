"""Triage: is it real, how severe, and can a code change cure it?"""

from collections.abc import Callable, Sequence

from agents.described import alarm_described, listed, logs_described
from agents.prompts import system_prompt, task_prompt
from agents.runtime.brief import Brief
from agents.runtime.contract import Session
from agents.runtime.loop import run_agent
from agents.triage.context import LiveIncident, TriageContext
from agents.triage.handoff import Triage

MAX_STEPS = 2
MAX_TOKENS = 2_000


def triage(context: TriageContext, session: Session, *, is_live: Callable[[int], bool]) -> Triage:
    """Return the classification; `is_live` re-reads the live store for the incident that `duplicate_of` names.

    Raises the loop's NeedsHuman errors.
    """

    def check(output: Triage) -> Sequence[str]:
        return duplicate_problems(output, context, is_live=is_live)

    brief = Brief(
        agent="triage",
        system=system_prompt("triage"),
        task=triage_task(context),
        output=Triage,
        max_steps=MAX_STEPS,
        max_tokens=MAX_TOKENS,
        checks=(check,),
    )
    return run_agent(brief, session)


def triage_task(context: TriageContext) -> str:
    """Return the task's text."""
    live = [_live_incident_described(incident) for incident in context.live_incidents]
    return task_prompt(
        "triage",
        incident_id=context.alarm.incident_id,
        service=context.alarm.service,
        occurrences=context.alarm.occurrences,
        alarm=alarm_described(context.alarm),
        live_incidents=listed(live, label="live incidents", empty="There are none: `duplicate` is not possible."),
        logs=logs_described(context.recent_logs),
    )


def duplicate_problems(output: Triage, context: TriageContext, *, is_live: Callable[[int], bool]) -> Sequence[str]:
    """Return why `duplicate_of` cannot stand: not offered, itself, or no longer live."""
    incident_id = output.duplicate_of
    if incident_id is None:
        return []
    offered = sorted({incident.id for incident in context.live_incidents} - {context.alarm.incident_id})
    if incident_id not in offered:
        choice = f"choose one of {offered}" if offered else "there is none"
        return [f"duplicate_of {incident_id} is not in the list of live incidents ({choice}), or classify as real"]
    if not is_live(incident_id):
        return [
            f"incident {incident_id} has ended since the list was made: it cannot be duplicated; classify again"
        ]
    return []


def _live_incident_described(incident: LiveIncident) -> str:
    return (
        f"id {incident.id}: {incident.title} (alarm {incident.alarm_name}, severity {incident.severity}, "
        f"status {incident.status}, first seen {incident.first_seen_at.isoformat()})"
    )
