"""Tell the platform that a pull request was closed, in the way and with the signature that GitHub uses.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import time
import uuid
from functools import cache
from typing import Any

import httpx
import structlog
from django.conf import settings
from django.utils import timezone

from integrations.localgit.models import LocalPullRequest, State

logger = structlog.get_logger(__name__)

# GitHub waits 10 s for an answer and does not try again; a restart of the web server fits into these pauses.
TIMEOUT_SECONDS = 10
PAUSES_SECONDS = (0.2, 1.0, 3.0)


def webhook_deliver(pull_request_id: int, *, address: str) -> bool:
    """Deliver the `closed` event of a pull request; return whether it was accepted.

    Never undoes what happened: a failed delivery is logged and `webhook_delivered_at` stays empty.
    """
    pull_request = LocalPullRequest.objects.get(pk=pull_request_id)
    body = json.dumps(_payload(pull_request, address)).encode()
    signature = hmac.new(settings.GITHUB_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "agent-platform-localgit",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": _delivery_id(pull_request),
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    problem = _post(f"{address}/webhooks/github/", body, headers)
    if problem:
        logger.warning("localgit.webhook_not_delivered", pull_request=str(pull_request), problem=problem)
        return False
    LocalPullRequest.objects.filter(pk=pull_request_id).update(webhook_delivered_at=timezone.now())
    return True


def webhooks_redeliver(*, address: str) -> tuple[int, int]:
    """Try again what was not delivered; return how many were accepted and how many were not."""
    waiting = LocalPullRequest.objects.exclude(state=State.OPEN).filter(webhook_delivered_at=None)
    outcomes = [webhook_deliver(pk, address=address) for pk in waiting.values_list("pk", flat=True)]
    return outcomes.count(True), outcomes.count(False)


@cache
def _client() -> httpx.Client:
    """Return one client for each process: a new one reads all certificates, which takes longer than the post."""
    return httpx.Client(timeout=TIMEOUT_SECONDS)


def _post(url: str, body: bytes, headers: dict[str, str]) -> str:
    """Return "" once the receiver accepted, else the last problem."""
    problem = ""
    for pause in (*PAUSES_SECONDS, None):
        try:
            response = _client().post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            problem = f"{url}: {error}"
        else:
            if response.is_success:
                return ""
            problem = f"{url} answered {response.status_code}: {response.text[:200]}"
            if response.is_client_error:
                return problem  # the same request would be refused again
        if pause is not None:
            time.sleep(pause)
    return problem


def _delivery_id(pull_request: LocalPullRequest) -> str:
    # The same event keeps its id when it is delivered again, so that the receiver can tell.
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{pull_request}/{pull_request.pk}/{pull_request.state}"))


def _payload(pull_request: LocalPullRequest, address: str) -> dict[str, Any]:
    owner, name = pull_request.repository.split("/")
    is_merged = pull_request.state == State.MERGED
    closed_at = (pull_request.closed_at or timezone.now()).isoformat()
    page = f"{address}/pulls/{pull_request.repository}/{pull_request.number}/"
    return {
        "action": "closed",
        "number": pull_request.number,
        "pull_request": {
            "number": pull_request.number,
            "html_url": page,
            "state": "closed",
            "title": pull_request.title,
            "merged": is_merged,
            "merged_at": closed_at if is_merged else None,
            "merge_commit_sha": pull_request.merge_commit or None,
            "closed_at": closed_at,
            "head": {"ref": pull_request.branch, "sha": pull_request.head_commit},
            "base": {"ref": pull_request.base_branch, "sha": pull_request.base_commit},
        },
        "repository": {"name": name, "full_name": pull_request.repository, "owner": {"login": owner}},
    }
