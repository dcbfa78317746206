"""The error behind an alarm, before a model is asked: it may be worked on, or have been rejected, already."""

from pathlib import Path

from agents.evidence import Logs
from core.errors import NeedsHuman
from incidents import selectors
from incidents.choices import PullRequestState, Status
from incidents.error_fingerprint import error_in
from incidents.merging import error_record
from incidents.models import Incident, PullRequest
from integrations.codehosts import code_host
from pipeline.facts import deployed_checkout

ACTOR = "system:dedup"


class RejectedBefore(NeedsHuman):
    """People closed a pull request for this very error, and nothing has changed since."""

    exit_reason = "RejectedBefore"


def known_error_settle(incident: Incident, logs: Logs) -> bool:
    """Note which error the logs show; return True if the incident was merged into an older one with the same.

    Raises RejectedBefore if the newest pull request for this error was closed unmerged and its files are as they
    were, unless a person resumed this incident all the same.
    """
    error = error_in([event.message for event in logs.events])
    if error is None:
        return False
    if error_record(incident=incident, error=error, actor=ACTOR) is not None:
        return True
    last = selectors.last_pull_request(service=incident.service, error_fingerprint=error.value, besides=incident)
    if last is not None and last.state == PullRequestState.CLOSED and not _is_new_evidence(incident, last):
        raise RejectedBefore(
            f"{last} was a fix for the same error ({error.type}: {error.message}) and was closed unmerged: "
            f"{last.incident.status_reason} None of its files has changed since. Fix it by hand, or resume to "
            "have another fix tried."
        )
    return False


def _is_new_evidence(incident: Incident, closed: PullRequest) -> bool:
    """Return whether a person asked for another try, or the code that the pull request changed is another now."""
    if incident.transitions.filter(
        source=Status.NEEDS_HUMAN, target=Status.OPEN, actor__startswith="user:"
    ).exists():
        return True
    now = deployed_checkout(incident).path
    then = code_host().checkout(incident.service.repository, closed.fix.base_commit).path
    return any(_content(now / path) != _content(then / path) for path in closed.fix.files)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
