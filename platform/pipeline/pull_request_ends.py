"""What became of pull requests whose end nobody told: a code host delivers its webhook once and never again."""

import structlog

from core.errors import Unavailable
from incidents.choices import PullRequestState, Status
from incidents.models import PullRequest
from incidents.services import pull_request_closed, pull_request_merged
from integrations.codehost import CodeHostError, HostedPullRequest
from integrations.codehosts import code_host

logger = structlog.get_logger(__name__)

ACTOR = "system:pull_request_ends"


def pull_requests_ask() -> None:
    """Ask the host about every pull request that an incident waits for, and record those that have ended."""
    waiting = PullRequest.objects.filter(state=PullRequestState.OPEN, incident__status=Status.PR_OPEN)
    for pull_request in waiting.select_related("incident"):
        try:
            hosted = code_host().find_pull_request(pull_request.repository, pull_request.branch)
        except Unavailable as error:
            logger.warning("pull_requests.not_asked", error=str(error))
            return  # the others would not be answered either; the next round asks again
        except CodeHostError as error:
            logger.warning("pull_request.not_known", pull_request=str(pull_request), error=str(error))
            continue
        if hosted is not None and hosted.number == pull_request.number:
            _record(pull_request, hosted)


def _record(pull_request: PullRequest, hosted: HostedPullRequest) -> None:
    if hosted.state == "merged":
        pull_request_merged(pull_request=pull_request, merge_commit=hosted.merge_commit, actor=ACTOR)
    elif hosted.state == "closed":
        reason = f"somebody closed {pull_request} without merging it"
        pull_request_closed(pull_request=pull_request, actor=ACTOR, reason=reason)
