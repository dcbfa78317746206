"""What waits for a person is told to people: once, then reminders, then to others; never in the way of a run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from pydantic import SecretStr

from approvals.choices import AnnouncementKind, ApprovalState
from approvals.messages import Row, Words, messages_send, targets_of
from approvals.models import AlarmAnnouncement, Announcement, Approval
from core.nudge import nudge
from core.redact import redact
from incidents.alarm_proposals import alarms_asked
from incidents.models import Incident

ANNOUNCE = "approvals.announce"
REASONS_TOLD = 3


def announcement_add(approval: Approval, kind: AnnouncementKind, *, number: int = 1) -> None:
    """Have every URL of this kind told once; a second call with the same words adds nothing."""
    now = timezone.now()
    rows = [
        Announcement(approval=approval, kind=kind, number=number, target=target, next_try_at=now)
        for target in targets_of(_urls(kind))
    ]
    _keep(Announcement, rows)


def reminders_add(*, now: datetime) -> None:
    """Remind of every question that waits too long, and tell others of one that waits much too long."""
    remind = timedelta(minutes=settings.ENV.approval_remind_minutes)
    escalate = timedelta(minutes=settings.ENV.approval_escalate_minutes)
    for approval in Approval.objects.filter(state=ApprovalState.PENDING, requested_at__lte=now - remind):
        age = now - approval.requested_at
        announcement_add(approval, AnnouncementKind.REMINDER, number=age // remind)
        if age >= escalate:
            announcement_add(approval, AnnouncementKind.ESCALATION)


def alarms_announce(incident: Incident) -> None:
    """Have every URL told once that alarms of this incident wait for a click; a second call adds nothing."""
    now = timezone.now()
    rows = [
        AlarmAnnouncement(incident=incident, target=target, next_try_at=now)
        for target in targets_of(_urls(AnnouncementKind.ASKED))
    ]
    _keep(AlarmAnnouncement, rows)


def announcements_send() -> int:
    """Send what is due, about fixes and about alarms, and return how many messages arrived."""
    questions = Announcement.objects.select_related("approval__incident__service", "approval__fix")
    alarms = AlarmAnnouncement.objects.select_related("incident__service")
    return messages_send(questions, _words_of_question) + messages_send(alarms, _words_of_alarms)


def _keep(model: type[Row], rows: Sequence[Row]) -> None:
    if rows:
        model._default_manager.bulk_create(rows, ignore_conflicts=True)
        nudge(ANNOUNCE)


def _urls(kind: str) -> SecretStr:
    env = settings.ENV
    urls: SecretStr = env.notify_escalation_urls if kind == AnnouncementKind.ESCALATION else env.notify_urls
    return urls


def _words_of_question(announcement: Announcement) -> Words | None:
    approval = announcement.approval
    if approval.state != ApprovalState.PENDING:
        return None
    return Words(_urls(announcement.kind), _title(announcement), _body(approval))


def _words_of_alarms(announcement: AlarmAnnouncement) -> Words | None:
    incident = announcement.incident
    waiting = alarms_asked(incident=incident)
    if not waiting:
        return None
    count = "1 alarm waits" if len(waiting) == 1 else f"{len(waiting)} alarms wait"
    lines = [
        f"Incident #{incident.pk}: {incident.title}",
        *(f"- {proposal.name}: {proposal.definition['description']}" for proposal in waiting),
        f"{settings.ENV.address}/incidents/{incident.pk}",
    ]
    title = f"{count} for a decision in {incident.service}"
    return Words(_urls(AnnouncementKind.ASKED), title, redact("\n".join(lines)))


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
