"""What became of pull requests that nobody told: a code host delivers its webhook once and never again."""

from datetime import timedelta
from itertools import chain

import structlog
from django.utils import timezone

from core.errors import Unavailable
from incidents.choices import PullRequestState, Status
from incidents.models import PullRequest
from incidents.services import pull_request_closed, pull_request_merged, pull_request_reopened
from integrations.codehost import CodeHostError, HostedPullRequest
from integrations.codehosts import code_host

logger = structlog.get_logger(__name__)

ACTOR = "system:pull_request_ends"


# Of those that people closed, the newest are asked about: some open one again at once, to run its checks anew.
CLOSED_WITHIN = timedelta(days=1)
CLOSED_ASKED = 50
# A moment after a closing the host may still say that it is open.
SETTLED_AFTER = timedelta(minutes=1)


def pull_requests_ask() -> None:
    """Ask the host about pull requests that incidents wait for or that people closed today; record what is new.

    The news that one was opened again can be lost, and can come before the news that it was closed.
    """
    now = timezone.now()
    ours = PullRequest.objects.select_related("incident")
    waiting = ours.filter(state=PullRequestState.OPEN, incident__status=Status.PR_OPEN)
    closed = ours.filter(
        state=PullRequestState.CLOSED, closed_at__range=(now - CLOSED_WITHIN, now - SETTLED_AFTER)
    ).order_by("-closed_at")[:CLOSED_ASKED]
    for pull_request in chain(waiting, closed):
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
    else:
        reason = f"somebody opened {pull_request} again"
        pull_request_reopened(pull_request=pull_request, actor=ACTOR, reason=reason)
