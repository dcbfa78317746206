"""Questions look after themselves: they are announced once, remind, escalate, expire and are asked again."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Min
from django.utils import timezone
from freezegun import freeze_time
from pydantic import SecretStr

from approvals.announcements import announcements_send, reminders_add
from approvals.choices import ApprovalState, RejectionReason
from approvals.gate import approval_request
from approvals.models import Announcement, Approval
from approvals.services import approval_reject
from approvals.tests.stories import person
from approvals.upkeep import questions_renew, questions_withdraw, upkeep
from incidents.choices import Risk, Status
from incidents.models import Fix, Incident
from incidents.tests.factories import FixFactory
from integrations.notify.standin import Receiver, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A room of people on call and, under another URL, those who are told when nobody answers."""
    with receiving() as listening:
        urls: dict[str, Any] = {
            "notify_urls": SecretStr(f"{listening.url('on-call')} {listening.url('mail')}"),
            "notify_escalation_urls": SecretStr(listening.url("manager")),
        }
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=urls))
        yield listening


def a_question() -> Approval:
    fix: Fix = FixFactory.create(incident__status=Status.AWAITING_APPROVAL, incident__title="password=hunter22")
    return approval_request(
        incident=fix.incident,
        fix=fix,
        risk=Risk.CRITICAL,
        reasons=[{"risk": "CRITICAL", "reason": "the incident is P0"}],
        branch_files={},
    )


def told(receiver: Receiver) -> list[tuple[str, str]]:
    return [(message.path, message.title) for message in receiver.received]


def asked_minutes_ago(approval: Approval, minutes: int) -> None:
    Approval.objects.filter(pk=approval.pk).update(requested_at=timezone.now() - timedelta(minutes=minutes))


def test_a_question_is_announced_once_to_every_url(receiver: Receiver) -> None:
    approval = a_question()

    for _ in range(3):
        announcements_send()

    title = f"CRITICAL fix for {approval.incident.service} waits for a decision"
    assert sorted(told(receiver)) == [("/mail", title), ("/on-call", title)]
    message = receiver.received[0].message
    assert "CRITICAL: the incident is P0" in message
    assert "It needs 2 different people." in message
    assert f"/admin/approvals/approval/{approval.pk}/change/" in message
    assert "hunter22" not in message


def test_a_url_that_fails_is_tried_again_alone_and_ever_less_often(receiver: Receiver) -> None:
    a_question()
    receiver.refusals = 1

    assert announcements_send() == 1
    assert announcements_send() == 0
    [failed] = Announcement.objects.filter(sent_at=None)
    assert failed.error
    assert failed.next_try_at > timezone.now() + timedelta(seconds=25)

    Announcement.objects.update(next_try_at=timezone.now())
    assert announcements_send() == 1
    assert len(receiver.received) == 2
    assert not Announcement.objects.filter(sent_at=None).exists()


def test_a_process_that_does_not_know_a_url_yet_leaves_the_message_to_one_that_does(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_question()
    newer = settings.ENV
    older = newer.model_copy(update={"notify_urls": SecretStr(receiver.url("on-call"))})

    monkeypatch.setattr(settings, "ENV", older)
    assert announcements_send() == 1
    [left] = Announcement.objects.filter(sent_at=None)
    assert "does not know its URL" in left.error

    monkeypatch.setattr(settings, "ENV", newer)
    Announcement.objects.update(next_try_at=timezone.now())
    assert announcements_send() == 1
    assert sorted(path for path, _ in told(receiver)) == ["/mail", "/on-call"]


def test_a_message_to_a_url_that_was_taken_out_is_kept_for_a_day(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_question()
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"notify_urls": SecretStr("")}))
    start = timezone.now()

    waited = timedelta(0)
    while Announcement.objects.exists():
        with freeze_time(start + waited):
            announcements_send()
        due = Announcement.objects.aggregate(first=Min("next_try_at"))["first"]
        waited = due - start if due else waited

    assert timedelta(hours=23) < waited < timedelta(hours=26)
    assert receiver.received == []


def test_nobody_listening_blocks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as closed:
        url = closed.url()
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"notify_urls": SecretStr(url)}))

    approval = a_question()
    upkeep()

    assert approval.state == ApprovalState.PENDING
    assert Announcement.objects.get().attempts == 1


def test_without_a_url_nothing_is_kept_to_be_sent() -> None:
    a_question()

    assert not Announcement.objects.exists()


def test_a_question_without_an_answer_reminds_and_then_others_are_told(receiver: Receiver) -> None:
    approval = a_question()
    announcements_send()
    receiver.received.clear()

    for minutes in (30, 61, 62, 121, 241, 242):
        asked_minutes_ago(approval, minutes)
        reminders_add(now=timezone.now())
        announcements_send()

    titles = [title for path, title in told(receiver) if path == "/on-call"]
    assert [title.partition(":")[0] for title in titles] == ["Reminder"] * 3
    assert titles[0].endswith("since 61 minutes")
    [escalated] = [title for path, title in told(receiver) if path == "/manager"]
    assert escalated.startswith("Nobody answered: CRITICAL fix for")


def test_what_was_decided_meanwhile_is_not_announced(receiver: Receiver) -> None:
    approval = a_question()
    approval_reject(approval=approval, user=person(), reason=RejectionReason.NOT_WANTED, comment="no")

    announcements_send()

    assert receiver.received == []


def test_a_question_that_nobody_answered_is_asked_and_announced_again(receiver: Receiver) -> None:
    approval = a_question()
    Approval.objects.update(expires_at=timezone.now())

    questions_renew()
    questions_renew()

    old, new = Approval.objects.order_by("pk")
    assert (old.pk, old.state) == (approval.pk, ApprovalState.EXPIRED)
    assert old.ended_because.startswith("nobody answered until")
    assert (new.state, new.diff_sha256, new.people_needed) == (ApprovalState.PENDING, approval.diff_sha256, 2)
    assert new.announcements.count() == 2


def test_an_expired_question_of_a_closed_incident_is_not_asked_again() -> None:
    a_question()
    Approval.objects.update(expires_at=timezone.now())
    Incident.objects.update(status=Status.CLOSED)

    questions_renew()

    assert Approval.objects.get().state == ApprovalState.EXPIRED


def test_the_question_of_an_incident_that_went_another_way_leaves_the_queue() -> None:
    approval = a_question()
    questions_withdraw()
    assert Approval.objects.get().state == ApprovalState.PENDING

    Incident.objects.update(status=Status.CLOSED)
    questions_withdraw()

    ended = Approval.objects.get()
    assert (ended.pk, ended.state) == (approval.pk, ApprovalState.WITHDRAWN)
    assert ended.ended_because == "the incident is closed"


@pytest.mark.parametrize("status", [Status.REVIEWING, Status.OPENING_PR])
def test_the_question_of_an_incident_at_its_gate_is_left_to_the_gate(status: Status) -> None:
    approval = a_question()
    Incident.objects.update(status=status)
    asked_minutes_ago(approval, 60)

    questions_withdraw()
    assert Approval.objects.get().state == ApprovalState.PENDING

    # Ended here, the incident would wait for an answer that nobody can give: the gate has asked and moves it next.
    Approval.objects.update(expires_at=timezone.now())
    questions_renew()
    assert Approval.objects.get().state == ApprovalState.PENDING

    Incident.objects.update(status=Status.AWAITING_APPROVAL)
    questions_renew()
    assert Approval.objects.filter(state=ApprovalState.PENDING).exclude(pk=approval.pk).count() == 1
