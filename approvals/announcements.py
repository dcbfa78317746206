"""What waits for a person is told to people: once, then reminders, then to others; never in the way of a run."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from approvals.choices import AnnouncementKind, ApprovalState
from approvals.models import Announcement, Approval
from core.nudge import nudge
from core.redact import redact
from integrations.notify.client import NotifyFailed, notify, target_of

logger = structlog.get_logger(__name__)

ANNOUNCE = "approvals.announce"
FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600
REASONS_TOLD = 3


def announcement_add(approval: Approval, kind: AnnouncementKind, *, number: int = 1) -> None:
    """Have every URL of this kind told once; a second call with the same words adds nothing."""
    urls = _urls(kind)
    if not urls:
        return
    now = timezone.now()
    Announcement.objects.bulk_create(
        [
            Announcement(approval=approval, kind=kind, number=number, target=target_of(url), next_try_at=now)
            for url in urls
        ],
        ignore_conflicts=True,
    )
    nudge(ANNOUNCE)


def reminders_add(*, now: datetime) -> None:
    """Remind of every question that waits too long, and tell others of one that waits much too long."""
    remind = timedelta(minutes=settings.ENV.approval_remind_minutes)
    escalate = timedelta(minutes=settings.ENV.approval_escalate_minutes)
    for approval in Approval.objects.filter(state=ApprovalState.PENDING, requested_at__lte=now - remind):
        age = now - approval.requested_at
        announcement_add(approval, AnnouncementKind.REMINDER, number=age // remind)
        if age >= escalate:
            announcement_add(approval, AnnouncementKind.ESCALATION)


def announcements_send() -> int:
    """Send what is due and return how many arrived; what fails is tried again later, ever less often.

    A row is claimed before it is sent, so that two workers do not send it both. A worker that dies between
    sending and recording repeats the message after the pause: never lost is worth more than never twice.
    """
    sent = 0
    while (announcement := _claim()) is not None:
        url = {target_of(url): url for url in _urls(announcement.kind)}.get(announcement.target)
        if url is None or announcement.approval.state != ApprovalState.PENDING:
            announcement.delete()  # nobody has to be told any more
            continue
        try:
            notify(url, title=_title(announcement), body=_body(announcement.approval))
        except NotifyFailed as error:
            logger.warning("announcement.failed", announcement=announcement.pk, error=str(error))
            Announcement.objects.filter(pk=announcement.pk).update(error=str(error))
            continue
        Announcement.objects.filter(pk=announcement.pk).update(sent_at=timezone.now(), error="")
        sent += 1
    return sent


def _claim() -> Announcement | None:
    now = timezone.now()
    with transaction.atomic():
        row = (
            Announcement.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("approval__incident__service", "approval__fix")
            .filter(sent_at=None, next_try_at__lte=now)
            .order_by("next_try_at")
            .first()
        )
        if row is None:
            return None
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(row.attempts, 10), LONGEST_PAUSE_SECONDS)
        row.attempts += 1
        row.next_try_at = now + timedelta(seconds=pause)
        row.save(update_fields=["attempts", "next_try_at"])
    return row


def _urls(kind: str) -> list[str]:
    env = settings.ENV
    secret = env.notify_escalation_urls if kind == AnnouncementKind.ESCALATION else env.notify_urls
    return str(secret.get_secret_value()).split()


def _title(announcement: Announcement) -> str:
    approval = announcement.approval
    subject = f"{approval.risk} fix for {approval.incident.service} waits for a decision"
    if announcement.kind == AnnouncementKind.ASKED:
        return subject
    minutes = int((timezone.now() - approval.requested_at).total_seconds() // 60)
    word = "Reminder" if announcement.kind == AnnouncementKind.REMINDER else "Nobody answered"
    return f"{word}: {subject}, since {minutes} minutes"


def _body(approval: Approval) -> str:
    reasons = [f"- {point['risk']}: {point['reason']}" for point in approval.reasons[:REASONS_TOLD]]
    people = f" It needs {approval.people_needed} different people." if approval.people_needed > 1 else ""
    return redact(
        "\n".join(
            [
                f"Incident #{approval.incident_id}: {approval.incident.title}",
                *reasons,
                f"Until {approval.expires_at:%Y-%m-%d %H:%M} UTC, then it is asked again.{people}",
                f"{settings.ENV.address}/admin/approvals/approval/{approval.pk}/change/",
            ]
        )
    )
