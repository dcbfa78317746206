"""A person says what an incident really was: the row, a case for the next evaluation, and the run turned round."""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from core.errors import PlatformError
from incidents.api.redacted import redacted
from incidents.choices import ENDED, Classification, Severity, Stage, Status
from incidents.lifecycle import TRANSITIONS, incident_move
from incidents.locks import advisory_lock
from incidents.models import GoldenCase, Incident
from incidents.selectors import (
    conversation_prompt,
    first_alarm_names,
    live_incidents,
    newest_attempt,
    newest_output,
)

LIVE_SHOWN = 20
PULL_REQUEST = "pull_request"

# Words with which people close a pull request because nothing was wrong; "not a bug fix" is none of them.
_NOT_A_BUG = re.compile(
    r"\bnot[ -]a[ -]bug\b(?![ -]?fix)|\bnotabug\b|\bworks as (?:intended|designed)\b"
    r"|\bfalse[ -](?:alarm|positive)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^>.*$", re.MULTILINE)

# Where a run can still be ended as noise or duplicate: nothing is at the code host yet.
STOPPABLE = frozenset(
    {
        Status.OPEN,
        Status.TRIAGING,
        Status.DIAGNOSING,
        Status.FIXING,
        Status.REVIEWING,
        Status.AWAITING_APPROVAL,
        Status.NEEDS_HUMAN,
    }
)
ENDS = {Classification.NOISE: Status.NOISE, Classification.DUPLICATE: Status.DUPLICATE}


class LabelRefused(PlatformError):
    """The label cannot be given; the text says why."""


@dataclass(frozen=True)
class Relabelled:
    """The case, and what became of the incident, in words for the person."""

    case: GoldenCase
    effect: str


def closing_label(*, incident: Incident, login: str, comment: str, actor: str) -> Relabelled | None:
    """Label an incident noise if `login` closed its pull request as "not a bug"; return None for other words."""
    if not _NOT_A_BUG.search(_QUOTED.sub("", comment)):
        return None
    return incident_relabel(
        incident=incident,
        user=None,
        actor=actor,
        classification=Classification.NOISE,
        why=f"{login or 'somebody'}: {comment}",
        provenance=PULL_REQUEST,
    )


def closing_label_undo(*, incident: Incident) -> None:
    """Take back what `closing_label` wrote: its pull request was opened again."""
    said = GoldenCase.objects.select_for_update().filter(incident=incident, provenance=PULL_REQUEST).first()
    if said is None:
        return
    Incident.objects.filter(pk=incident.pk, classification=said.classification).update(
        classification=said.was_classification
    )
    said.delete()


def incident_relabel(
    *,
    incident: Incident,
    user: User | None,
    actor: str = "",
    classification: Classification | None = None,
    severity: Severity | None = None,
    duplicate_of: int | None = None,
    why: str = "",
    provenance: str = "admin",
) -> Relabelled:
    """Record the person's label and reverse the pipeline's decision where that is still possible.

    What is not given stays as it is. `user` is None for a person of the code host; then `actor` says who acts.
    Raises LabelRefused for a duplicate of nothing that is live.
    """
    with transaction.atomic():
        # What intake locks before it opens another one: it comes first, or attaches to what is opened again.
        advisory_lock(incident.fingerprint)
        row = Incident.objects.select_for_update().select_related("service").get(pk=incident.pk)
        said = classification or Classification(row.classification)
        if said == Classification.UNKNOWN:
            raise LabelRefused("Say whether it is real, noise or a duplicate; triage has not said so yet.")
        original = _original(row, duplicate_of) if classification == Classification.DUPLICATE else None
        case = _case(row, user=user, said=said, severity=severity, why=why, provenance=provenance)
        Incident.objects.filter(pk=row.pk).update(
            classification=said,
            severity=severity or row.severity,
            duplicate_of=original or (row.duplicate_of if said == row.classification else None),
        )
        who = f"user:{user.get_username()}" if user else actor
        effect = _reverse(row, said, actor=who, why=why) if classification else ""
    return Relabelled(case, effect or "recorded")


def _original(incident: Incident, duplicate_of: int | None) -> Incident:
    others = live_incidents(service=incident.service).exclude(pk=incident.pk)
    live = None if duplicate_of is None else others.filter(pk=duplicate_of).first()
    if live is None:
        raise LabelRefused(f"#{duplicate_of} is not another live incident of {incident.service}.")
    return live


def _case(
    incident: Incident,
    *,
    user: User | None,
    said: Classification,
    severity: Severity | None,
    why: str,
    provenance: str,
) -> GoldenCase:
    label = {
        "classification": said,
        "severity": severity or incident.severity,
        "why": why,
        "provenance": provenance,
        "labelled_by": user,
        "labelled_at": timezone.now(),
    }
    first = {
        "material": _material(incident),
        "was_classification": incident.classification,
        "was_severity": incident.severity,
    }
    # A second label corrects the first; what the pipeline had said is kept from before both.
    case, _ = GoldenCase.objects.update_or_create(
        incident=incident, defaults=label, create_defaults={**label, **first}
    )
    return case


def _material(incident: Incident) -> dict[str, Any]:
    """Return all that triage saw, without secrets; its prompt holds the log events of noise, no other row does."""
    event = incident.events.exclude(alarm=None).order_by("id").first()
    others = live_incidents(service=incident.service).exclude(pk=incident.pk)[:LIVE_SHOWN]
    alarm_names = first_alarm_names(ids=[other.pk for other in others])
    attempt = newest_attempt(incident=incident, stage=Stage.TRIAGE)
    material: dict[str, Any] = redacted(
        {
            "alarm": event.alarm if event else None,
            "occurrences": incident.occurrences,
            "logs": newest_output(incident=incident, stage=Stage.LOGS),
            "triage": newest_output(incident=incident, stage=Stage.TRIAGE),
            "prompt": conversation_prompt(incident=incident, stage=Stage.TRIAGE, attempt=attempt, candidate=1),
            "live_incidents": [
                {
                    "id": other.pk,
                    "title": other.title,
                    "status": other.status,
                    "severity": other.severity,
                    "alarm_name": alarm_names.get(other.pk, ""),
                    "first_seen_at": other.first_seen_at.isoformat(),
                }
                for other in others
            ],
        }
    )
    return material


def _reverse(incident: Incident, said: Classification, *, actor: str, why: str) -> str:
    """Move the incident to where the label puts it; return what happened, or why nothing could."""
    status = Status(incident.status)
    reason = f"relabelled {said}{f': {why}' if why else ''}"
    if said == Classification.REAL:
        if status not in ENDS.values():
            return ""
        same = Incident.objects.filter(fingerprint=incident.fingerprint).exclude(status__in=ENDED).first()
        if same is not None:
            return f"recorded; it is not opened again, because #{same.pk} is open for the same alarm"
        incident_move(incident=incident, target=Status.OPEN, actor=actor, reason=reason)
        return "opened again"
    end = ENDS[said]
    if status == end:
        return ""
    if status not in STOPPABLE:
        return f"recorded; it stays {status}: what is at the code host or over is not undone"
    if end not in TRANSITIONS[status]:
        incident_move(incident=incident, target=Status.NEEDS_HUMAN, actor=actor, reason=reason)
    incident_move(incident=incident, target=end, actor=actor, reason=reason)
    return f"ended as {end}"
