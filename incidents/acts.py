"""What a person may do to one incident in the console: offered only where it is legal, done by services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User

from core.errors import PlatformError
from incidents.alarm_proposals import alarm_decide, alarms_asked
from incidents.choices import AlarmProposalState, Classification, PullRequestState, Severity, Stage, Status
from incidents.lifecycle import TRANSITIONS
from incidents.models import AlarmProposal, Incident, PullRequest
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
    alarms = tuple((str(proposal.pk), proposal.name) for proposal in alarms_asked(incident=incident))
    if alarms:
        offered += [
            Act("create_alarm", "Create the alarm", choices=alarms),
            Act("decline_alarm", "Decline the alarm", choices=alarms),
        ]
    if Status.CLOSED in reachable:
        offered.append(Act("close", "Close without a fix"))
    return offered


def act(
    *, incident: Incident, user: User, name: str, value: str = "", reason: str = "", provenance: str = "admin"
) -> str:
    """Do what was chosen and return what became of it; a label keeps `provenance`, the place where it was said.

    Raises UnknownAct, and what the services raise.
    """
    if name not in {offered.name for offered in acts_offered(incident)}:
        raise UnknownAct(f"{name!r} is not possible while the incident is {incident.status}.")
    return _ACTS[name](_Chosen(incident, user, value.strip(), reason.strip(), provenance)) or "done"


@dataclass(frozen=True)
class _Chosen:
    """What a person sent."""

    incident: Incident
    user: User
    value: str
    reason: str
    provenance: str

    @property
    def actor(self) -> str:
        return f"user:{self.user.get_username()}"


def _label(chosen: _Chosen, said: Classification, duplicate_of: int | None = None) -> str:
    return incident_relabel(
        incident=chosen.incident,
        user=chosen.user,
        classification=said,
        duplicate_of=duplicate_of,
        why=chosen.reason,
        provenance=chosen.provenance,
    ).effect


def _label_duplicate(chosen: _Chosen) -> str:
    number = chosen.value.removeprefix("#")
    if not number.isdecimal():
        raise UnknownAct("Give the number of the incident that this one duplicates.")
    return _label(chosen, Classification.DUPLICATE, int(number))


def _severity(chosen: _Chosen) -> str:
    if chosen.value not in Severity.values:
        raise UnknownAct(f"{chosen.value!r} is not a severity.")
    return incident_relabel(
        incident=chosen.incident,
        user=chosen.user,
        severity=Severity(chosen.value),
        why=chosen.reason,
        provenance=chosen.provenance,
    ).effect


def _retry(chosen: _Chosen) -> str:
    if chosen.value not in Stage.values:
        raise UnknownAct(f"{chosen.value!r} is not a stage.")
    stage_retry(incident=chosen.incident, stage=Stage(chosen.value), actor=chosen.actor)
    return f"{chosen.value} is tried again"


def _send(chosen: _Chosen) -> str:
    if not chosen.value:
        raise UnknownAct("Say to whom it is sent.")
    incident_send(incident=chosen.incident, to=chosen.value[:100], actor=chosen.actor, reason=chosen.reason)
    return f"sent to {chosen.value[:100]}"


def _resume(chosen: _Chosen) -> str:
    incident_resume(incident=chosen.incident, actor=chosen.actor, reason=chosen.reason)
    return "resumed"


def _pause(chosen: _Chosen) -> str:
    incident_pause(incident=chosen.incident, actor=chosen.actor, reason=chosen.reason)
    return "paused"


def _hold_merge(chosen: _Chosen) -> str:
    merge_hold(incident=chosen.incident, actor=chosen.actor, reason=chosen.reason)
    return "the merge is left to people"


def _create_alarm(chosen: _Chosen) -> str:
    return f"{_alarm_decided(chosen, AlarmProposalState.APPROVED)} is being created"


def _decline_alarm(chosen: _Chosen) -> str:
    return f"{_alarm_decided(chosen, AlarmProposalState.DECLINED)} is declined"


def _alarm_decided(chosen: _Chosen, state: AlarmProposalState) -> AlarmProposal:
    if not chosen.value.isdecimal():
        raise UnknownAct("Give the number of the alarm, as it is offered.")
    return alarm_decide(incident=chosen.incident, proposal_id=int(chosen.value), state=state, actor=chosen.actor)


def _is_merged_later(incident: Incident) -> bool:
    """Return whether the platform would merge the open pull request by itself."""
    waiting = PullRequest.objects.filter(incident=incident, is_merged_by_platform=True)
    return incident.status == Status.PR_OPEN and waiting.filter(state=PullRequestState.OPEN).exists()


def _close(chosen: _Chosen) -> str:
    incident_close(incident=chosen.incident, actor=chosen.actor, reason=chosen.reason)
    return "closed"


_ACTS: dict[str, Callable[[_Chosen], str]] = {
    "label_real": lambda chosen: _label(chosen, Classification.REAL),
    "label_noise": lambda chosen: _label(chosen, Classification.NOISE),
    "label_duplicate": _label_duplicate,
    "severity": _severity,
    "resume": _resume,
    "retry": _retry,
    "pause": _pause,
    "send": _send,
    "hold_merge": _hold_merge,
    "create_alarm": _create_alarm,
    "decline_alarm": _decline_alarm,
    "close": _close,
}
