"""Messages that have to reach people: a row for each URL, claimed, sent, and tried again ever less often."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from pydantic import SecretStr

from approvals.models import Message
from integrations.notify.client import NotifyFailed, notify, target_of

logger = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600
# With these pauses a day. A release that adds a URL is through long before; after it the URL was taken out.
TRIES_WITHOUT_URL = 30
UNKNOWN_URL = "The worker that tried does not know its URL: it is of another release, or the URL was taken out."

Row = TypeVar("Row", bound=Message)


@dataclass(frozen=True)
class Words:
    """What is said, and the Apprise URLs that may be told."""

    urls: SecretStr
    title: str
    body: str


def targets_of(urls: SecretStr) -> dict[str, str]:
    """Return each URL by the digest that rows keep of it."""
    return {target_of(url): url for url in urls.get_secret_value().split()}


def messages_send(messages: QuerySet[Row, Row], words: Callable[[Row], Words | None]) -> int:
    """Send those that are due and return how many arrived.

    A row without words any more is deleted, and after a day one whose URL no worker knows.

    A row is claimed before it is sent, so that two workers do not send it both. A worker that dies between
    sending and recording repeats the message after the pause: never lost is worth more than never twice.
    """
    sent = 0
    while (message := _claim(messages)) is not None:
        said = words(message)
        if said is None:
            message.delete()  # nobody has to be told any more
            continue
        rows = messages.model._default_manager.filter(pk=message.pk)
        url = targets_of(said.urls).get(message.target)
        if url is None:
            if message.attempts >= TRIES_WITHOUT_URL:
                message.delete()
            else:
                rows.update(error=UNKNOWN_URL)
            continue
        try:
            notify(url, title=said.title, body=said.body)
        except NotifyFailed as error:
            logger.warning("announcement.failed", announcement=str(message), error=str(error))
            rows.update(error=str(error))
            continue
        rows.update(sent_at=timezone.now(), error="")
        sent += 1
    return sent


def _claim(messages: QuerySet[Row, Row]) -> Row | None:
    now = timezone.now()
    due = messages.select_for_update(skip_locked=True, of=("self",)).filter(sent_at=None, next_try_at__lte=now)
    with transaction.atomic():
        row = due.order_by("next_try_at").first()
        if row is None:
            return None
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(row.attempts, 10), LONGEST_PAUSE_SECONDS)
        row.attempts += 1
        row.next_try_at = now + timedelta(seconds=pause)
        row.save(update_fields=["attempts", "next_try_at"])
    return row
