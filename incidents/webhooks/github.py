"""POST /webhooks/github/: what became of one of our pull requests, told by GitHub or by the local code host.

GitHub delivers once and never again by itself. A pull request without a row here is not ours (404): the row is
written before anyone could have read and merged the pull request, and what the platform merges itself it asks
the host about again.
"""

import hashlib
import hmac

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pydantic import BaseModel, Field, ValidationError

from core.errors import PlatformError
from core.redact import redact
from incidents.models import PullRequest
from incidents.relabelling import closing_label
from incidents.services import pull_request_closed, pull_request_merged, pull_request_reopened
from incidents.webhooks.exchange import TooLarge, answer, body_of
from integrations.codehosts import code_host

logger = structlog.get_logger(__name__)

ACTOR = "system:merge_webhook"
LONGEST_COMMENT = 1_000
# GitHub sends up to 25 MB; a pull request event has tens of kilobytes.
LARGEST_BODY_BYTES = 5 * 1024 * 1024


class Person(BaseModel):
    login: str = ""


class Repository(BaseModel):
    full_name: str


class ToldPullRequest(BaseModel):
    number: int
    merged: bool = False
    merge_commit_sha: str | None = Field(None, pattern=r"^[0-9a-f]{40}$")


class PullRequestEvent(BaseModel):
    """The part of GitHub's `pull_request` event that we read."""

    action: str
    pull_request: ToldPullRequest
    repository: Repository
    sender: Person = Person()


@csrf_exempt
@require_POST
def github(request: HttpRequest) -> JsonResponse:
    """Record a merge, a rejection by closing, or a reopening; a delivery that says nothing new has no effect."""
    try:
        body = body_of(request, limit_bytes=LARGEST_BODY_BYTES)
    except TooLarge as error:
        return answer(413, "refused", str(error))
    if not _is_signed(body, request.headers.get("X-Hub-Signature-256", "")):
        logger.warning("github.refused", delivery=request.headers.get("X-GitHub-Delivery", ""))
        return answer(
            403,
            "refused",
            "X-Hub-Signature-256 is missing or wrong. Give the webhook the value of GITHUB_WEBHOOK_SECRET.",
        )
    kind = request.headers.get("X-GitHub-Event", "")
    if kind != "pull_request":
        return answer(200, "ignored", f"Events of the kind {kind[:50]!r} change nothing here.")
    try:
        event = PullRequestEvent.model_validate_json(body)
    except ValidationError as error:
        return answer(400, "refused", _sentence(error))
    if event.action not in ("closed", "reopened"):
        return answer(200, "ignored", f"The action {event.action[:50]!r} changes nothing here.")
    try:
        return _record(event)
    except (DatabaseError, InterfaceError) as error:
        logger.exception("github.not_recorded")
        return answer(503, "unavailable", f"This could not be recorded ({type(error).__name__}). Redeliver it.")


def _is_signed(body: bytes, header: str) -> bool:
    digest = hmac.new(settings.GITHUB_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={digest}".encode(), header.encode())


def _record(event: PullRequestEvent) -> JsonResponse:
    told, repository = event.pull_request, event.repository.full_name
    # GitHub's names are equal whatever their case.
    known = PullRequest.objects.select_related("incident")
    ours = known.filter(repository__iexact=repository, number=told.number).first()
    if ours is None:
        return answer(404, "unknown", f"{repository[:200]}#{told.number} is not a pull request of this platform.")
    who = event.sender.login or "somebody"
    if event.action == "reopened":
        reason, status = f"{who} opened {ours} again", "reopened"
        is_new = pull_request_reopened(pull_request=ours, actor=ACTOR, reason=reason)
    elif not told.merged:
        comment = _comment(event, ours)
        reason, status = f"{who} closed {ours} without merging it{f': {comment}' if comment else ''}", "closed"
        with transaction.atomic():
            is_new = pull_request_closed(pull_request=ours, actor=ACTOR, reason=reason)
            if is_new:
                closing_label(incident=ours.incident, login=event.sender.login, comment=comment, actor=ACTOR)
    elif told.merge_commit_sha is None:
        return answer(400, "refused", "The pull request is merged but pull_request.merge_commit_sha is missing.")
    else:
        reason, status = f"{ours} is merged", "merged"
        is_new = pull_request_merged(pull_request=ours, merge_commit=told.merge_commit_sha, actor=ACTOR)
    if not is_new:
        return answer(200, "repeated", f"What became of {ours} was recorded before; nothing was changed.")
    return answer(200, status, f"{reason}.")


def _comment(event: PullRequestEvent, ours: PullRequest) -> str:
    """Return what the person wrote there: GitHub's event of a closing with a comment does not carry it."""
    try:
        comment = code_host().closing_comment(ours.repository, ours.number, by=event.sender.login)
    except PlatformError as error:
        # The closing is what matters; it is recorded without its reason.
        logger.warning("github.comment_not_known", pull_request=str(ours), error=str(error))
        return ""
    return redact(comment)[:LONGEST_COMMENT]


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return "The body is not JSON. Set the webhook's content type to application/json."
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
