"""What a person may do to one incident in the console: offered only where it is legal, done by services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User

from core.errors import PlatformError
from incidents.choices import Classification, PullRequestState, Severity, Stage, Status
from incidents.lifecycle import TRANSITIONS
from incidents.models import Incident, PullRequest
from incidents.relabelling import incident_relabel
from incidents.retrying import stage_retry, stages_to_retry
from incidents.services import (
    incident_close,
    incident_pause,
    incident_resume,
    incident_send,
    merge_hold,
)

Sent = Mapping[str, str]


class UnknownAct(PlatformError):
    """The page was sent back with something that is not offered for this incident now."""


@dataclass(frozen=True)
class Act:
    """One button: its name in the form, its words, and the values to choose from, if it needs one."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    field: str = ""


def acts_offered(incident: Incident) -> list[Act]:
    """Return what is legal for the incident as it is now."""
    reachable = TRANSITIONS[Status(incident.status)]
    offered = [
        *(
            Act(f"label_{said}", f"It is {said}")
            for said in (Classification.REAL, Classification.NOISE)
            if incident.classification != said
        ),
        Act("label_duplicate", "It is a duplicate of", field="number of the incident"),
    ]
    if incident.classification != Classification.UNKNOWN:
        severities = tuple((value, value) for value in Severity.values if value != incident.severity)
        offered.append(Act("severity", "Its severity is", choices=severities))
    if incident.status == Status.NEEDS_HUMAN:
        offered.append(Act("resume", "Resume"))
        retriable = tuple((stage.value, str(stage.label)) for stage in stages_to_retry(incident))
        if retriable:
            offered.append(Act("retry", "Try again", choices=retriable))
    elif Status.NEEDS_HUMAN in reachable:
        offered += [Act("pause", "Pause"), Act("send", "Send to", field="whom")]
    if _is_merged_later(incident):
        offered.append(Act("hold_merge", "Leave the merge to people"))
    if Status.CLOSED in reachable:
        offered.append(Act("close", "Close without a fix"))
    return offered


def act(*, incident: Incident, user: User, name: str, value: str = "", reason: str = "") -> str:
    """Do what was chosen and return what became of it. Raises UnknownAct, and what the services raise."""
    if name not in {offered.name for offered in acts_offered(incident)}:
        raise UnknownAct(f"{name!r} is not possible while the incident is {incident.status}.")
    return _ACTS[name](incident, user, value.strip(), reason.strip()) or "done"


def _label(
    incident: Incident, user: User, said: Classification, reason: str, duplicate_of: int | None = None
) -> str:
    return incident_relabel(
        incident=incident, user=user, classification=said, duplicate_of=duplicate_of, why=reason
    ).effect


def _label_duplicate(incident: Incident, user: User, value: str, reason: str) -> str:
    number = value.removeprefix("#")
    if not number.isdecimal():
        raise UnknownAct("Give the number of the incident that this one duplicates.")
    return _label(incident, user, Classification.DUPLICATE, reason, int(number))


def _severity(incident: Incident, user: User, value: str, reason: str) -> str:
    if value not in Severity.values:
        raise UnknownAct(f"{value!r} is not a severity.")
    return incident_relabel(incident=incident, user=user, severity=Severity(value), why=reason).effect


def _retry(incident: Incident, user: User, value: str, _reason: str) -> str:
    if value not in Stage.values:
        raise UnknownAct(f"{value!r} is not a stage.")
    stage_retry(incident=incident, stage=Stage(value), actor=_actor(user))
    return f"{value} is tried again"


def _send(incident: Incident, user: User, value: str, reason: str) -> str:
    if not value:
        raise UnknownAct("Say to whom it is sent.")
    incident_send(incident=incident, to=value[:100], actor=_actor(user), reason=reason)
    return f"sent to {value[:100]}"


def _resume(incident: Incident, user: User, _value: str, reason: str) -> str:
    incident_resume(incident=incident, actor=_actor(user), reason=reason)
    return "resumed"


def _pause(incident: Incident, user: User, _value: str, reason: str) -> str:
    incident_pause(incident=incident, actor=_actor(user), reason=reason)
    return "paused"


def _hold_merge(incident: Incident, user: User, _value: str, reason: str) -> str:
    merge_hold(incident=incident, actor=_actor(user), reason=reason)
    return "the merge is left to people"


def _is_merged_later(incident: Incident) -> bool:
    """Return whether the platform would merge the open pull request by itself."""
    waiting = PullRequest.objects.filter(incident=incident, is_merged_by_platform=True)
    return incident.status == Status.PR_OPEN and waiting.filter(state=PullRequestState.OPEN).exists()


def _close(incident: Incident, user: User, _value: str, reason: str) -> str:
    incident_close(incident=incident, actor=_actor(user), reason=reason)
    return "closed"


def _actor(user: User) -> str:
    return f"user:{user.get_username()}"


_ACTS: dict[str, Callable[[Incident, User, str, str], str]] = {
    "label_real": lambda incident, user, _value, reason: _label(incident, user, Classification.REAL, reason),
    "label_noise": lambda incident, user, _value, reason: _label(incident, user, Classification.NOISE, reason),
    "label_duplicate": _label_duplicate,
    "severity": _severity,
    "resume": _resume,
    "retry": _retry,
    "pause": _pause,
    "send": _send,
    "hold_merge": _hold_merge,
    "close": _close,
}
