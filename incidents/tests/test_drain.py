"""From stored events to incidents: one for each trouble, whatever the number, order and concurrency of events."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.nudge import ADVANCE, DRAIN
from incidents.alarm_signals import Signal, signal_apply
from incidents.choices import ENDED, Disposition, Status
from incidents.fingerprint import FingerprintParts
from incidents.intake import drain, event_store, events_failed
from incidents.lifecycle import incident_move
from incidents.models import Event, Incident, Service, Transition
from incidents.opening import incident_open_or_attach
from incidents.services import event_route
from incidents.tasks import drain_events
from incidents.tests.factories import EventFactory, ServiceFactory
from integrations.sns.message import Message

NUDGE = "core.nudge.current_app.send_task"
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def orders() -> Service:
    service: Service = ServiceFactory(name="orders", alarm_patterns=["orders-*"])
    return service


def stored(state: str = "ALARM", *, minutes: int = 0, alarm: str = "orders-errors", **fields: object) -> Event:
    event: Event = EventFactory(
        alarm_name=alarm, alarm_state=state, state_changed_at=NOW + timedelta(minutes=minutes), **fields
    )
    return event


def drained(event: Event) -> Event:
    event.refresh_from_db()
    assert event.drained_at is not None
    return event


@pytest.mark.django_db
def test_an_alarm_opens_an_incident_with_its_first_transition(orders: Service) -> None:
    event = stored()

    report = drain()

    incident = Incident.objects.get()
    assert report.dispositions == {Disposition.OPENED: 1}
    assert (incident.service, incident.status, incident.title) == (orders, Status.OPEN, "orders-errors")
    assert (incident.occurrences, incident.first_seen_at, incident.last_seen_at) == (1, NOW, NOW)
    row = Transition.objects.get()
    assert (row.incident, row.source, row.target, row.actor) == (incident, "", Status.OPEN, "system:intake")
    event = drained(event)
    assert (event.disposition, event.incident, event.service) == (Disposition.OPENED, incident, orders)
    assert event.disposition_reason == (
        "orders claims it by the pattern 'orders-*'; no open incident has its account, region and alarm"
    )


@pytest.mark.django_db
def test_further_alarms_attach_and_only_the_first_wakes_the_pipeline(
    orders: Service,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(NUDGE, lambda name, args, retry: woken.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        stored()
        late = stored(minutes=7)
        early = stored(minutes=-3)
        drain()

    incident = Incident.objects.get()
    assert incident.occurrences == 3
    assert (incident.first_seen_at, incident.last_seen_at) == (
        NOW - timedelta(minutes=3),
        NOW + timedelta(minutes=7),
    )
    # Events of one batch are taken in the order of their state changes, so that the earliest one opens.
    assert drained(early).disposition == Disposition.OPENED
    assert drained(late).disposition == Disposition.ATTACHED
    assert f"incident #{incident.pk} is open for the same account" in drained(late).disposition_reason
    assert woken == [(ADVANCE, (incident.pk,))]


@pytest.mark.django_db
def test_draining_twice_has_no_further_effect(orders: Service) -> None:
    stored()
    stored(minutes=1)
    drain()

    assert drain().total == 0

    assert Incident.objects.get().occurrences == 2
    assert Transition.objects.count() == 1


@pytest.mark.django_db
def test_a_batch_takes_the_oldest_events_first(orders: Service) -> None:
    events = [stored(minutes=number) for number in range(3)]

    assert drain(limit=2).total == 2

    assert list(Event.objects.filter(disposition=Disposition.RECEIVED)) == [events[2]]


@pytest.mark.django_db
def test_the_task_goes_by_the_name_that_is_nudged_and_drains_until_nothing_is_left(
    orders: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        stored(minutes=number)
    monkeypatch.setattr("incidents.tasks.drain", lambda: drain(limit=2))

    drain_events()

    assert drain_events.name == DRAIN
    assert Incident.objects.get().occurrences == 5


@pytest.mark.django_db
def test_another_alarm_account_region_or_service_is_another_incident(orders: Service) -> None:
    other_region = stored(alarm_arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-errors")
    other_account = stored(alarm_arn="arn:aws:cloudwatch:us-east-1:999999999999:alarm:orders-errors")
    other_account.alarm = {**(other_account.alarm or {}), "AWSAccountId": "999999999999"}
    other_account.save()
    stored()
    stored(alarm="orders-slow")

    drain()

    assert Incident.objects.count() == 4
    assert other_region.alarm_name == other_account.alarm_name == "orders-errors"


@pytest.mark.django_db
@pytest.mark.parametrize("ended", sorted(ENDED))
def test_after_its_end_the_same_trouble_opens_a_new_incident(orders: Service, ended: Status) -> None:
    stored()
    drain()
    Incident.objects.update(status=ended)
    stored(minutes=5)

    drain()

    assert Incident.objects.filter(status=Status.OPEN).count() == 1
    assert Incident.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("status", sorted(set(Status) - ENDED))
def test_before_its_end_the_same_trouble_never_opens_another(orders: Service, status: Status) -> None:
    stored()
    drain()
    Incident.objects.update(status=status)
    stored(minutes=5)

    drain()

    assert Incident.objects.get().occurrences == 2


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.OPEN, Status.TRIAGING, Status.DIAGNOSING])
def test_ok_resolves_an_incident_that_has_no_fix_yet(orders: Service, status: Status) -> None:
    stored()
    drain()
    Incident.objects.update(status=status)
    ok = stored("OK", minutes=5)

    drain()

    incident = Incident.objects.get()
    assert (incident.status, incident.status_reason) == (
        Status.RESOLVED,
        "alarm went back to OK before a fix existed",
    )
    assert (incident.occurrences, incident.last_seen_at) == (1, NOW)
    assert Transition.objects.last().actor == "system:intake"  # type: ignore[union-attr]  # there are two rows
    assert (drained(ok).disposition, ok.incident) == (Disposition.OK, incident)
    assert ok.disposition_reason.endswith("which it resolved")


@pytest.mark.django_db
@pytest.mark.parametrize("status", sorted(set(Status) - ENDED - {Status.OPEN, Status.TRIAGING, Status.DIAGNOSING}))
def test_ok_only_attaches_once_a_fix_is_being_made(orders: Service, status: Status) -> None:
    stored()
    drain()
    Incident.objects.update(status=status)
    ok = stored("OK", minutes=5)

    drain()

    assert Incident.objects.get().status == status
    assert (drained(ok).disposition, ok.incident) == (Disposition.OK, Incident.objects.get())
    assert ok.disposition_reason.endswith(f"which stays {status}")


@pytest.mark.django_db
def test_insufficient_data_attaches_and_changes_nothing(orders: Service) -> None:
    stored()
    drain()
    event = stored("INSUFFICIENT_DATA", minutes=5)

    drain()

    incident = Incident.objects.get()
    assert (incident.status, incident.occurrences) == (Status.OPEN, 1)
    assert (drained(event).disposition, event.incident) == (Disposition.INSUFFICIENT_DATA, incident)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_other_states_open_nothing(orders: Service, state: str) -> None:
    event = stored(state)

    drain()

    assert not Incident.objects.exists()
    assert drained(event).disposition_reason.endswith("no incident of this alarm is open")


@pytest.mark.django_db
def test_an_ok_from_before_the_newest_alarm_resolves_nothing(orders: Service) -> None:
    stored(minutes=10)
    drain()
    ok = stored("OK", minutes=5)

    drain()

    assert Incident.objects.get().status == Status.OPEN
    assert drained(ok).disposition_reason.endswith("which has seen a newer ALARM")


@pytest.mark.django_db
def test_an_alarm_that_comes_after_the_ok_that_ended_it_is_resolved_at_once(orders: Service) -> None:
    ok = stored("OK", minutes=5)
    drain()
    alarm = stored()

    drain()

    incident = Incident.objects.get()
    assert incident.status == Status.RESOLVED
    assert drained(ok).incident == drained(alarm).incident == incident
    assert [row.target for row in Transition.objects.all()] == [Status.OPEN, Status.RESOLVED]


@pytest.mark.django_db
def test_alarm_and_ok_in_one_batch_are_taken_in_their_order_not_that_of_their_arrival(orders: Service) -> None:
    stored("OK", minutes=5)
    stored()

    drain()

    assert Incident.objects.get().status == Status.RESOLVED


@pytest.mark.django_db
def test_an_alarm_that_no_service_claims_is_unrouted_until_a_person_routes_it(orders: Service) -> None:
    event = stored(alarm="payments-errors")
    drain()
    assert drained(event).disposition == Disposition.UNROUTED
    assert event.disposition_reason == "No service has a pattern that matches the alarm 'payments-errors'."
    assert not Incident.objects.exists()

    event_route(event=event, service=orders, actor="user:ada")
    drain()

    incident = Incident.objects.get()
    assert (drained(event).disposition, event.incident, incident.service) == (
        Disposition.OPENED,
        incident,
        orders,
    )
    assert event.disposition_reason.startswith("user:ada routed it to orders; ")


@pytest.mark.django_db
def test_an_event_can_be_routed_again_after_the_patterns_were_changed(orders: Service) -> None:
    event = stored(alarm="payments-errors")
    drain()
    orders.alarm_patterns.append("payments-*")
    orders.save()

    event_route(event=event, actor="user:ada")
    drain()

    assert drained(event).disposition == Disposition.OPENED
    assert "by the pattern 'payments-*'" in event.disposition_reason


@pytest.mark.django_db
def test_what_is_no_alarm_is_unrouted_and_can_be_routed_too(orders: Service) -> None:
    event: Event = EventFactory(
        alarm=None, alarm_name="", alarm_arn="", alarm_state="", state_changed_at=None, subject="Disk almost full"
    )
    drain()
    assert drained(event).disposition == Disposition.UNROUTED
    assert event.disposition_reason == "The message is not a CloudWatch alarm."

    event_route(event=event, service=orders, actor="user:ada")
    drain()

    incident = Incident.objects.get()
    assert (incident.title, drained(event).disposition) == ("Disk almost full", Disposition.OPENED)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_open_at_once_one_opens_and_every_occurrence_counts() -> None:
    service: Service = ServiceFactory()
    together = Barrier(50)

    def notify(number: int) -> bool:
        together.wait()
        try:
            return incident_open_or_attach(
                service=service,
                parts=FingerprintParts("123456789012", "us-east-1", "orders-errors", service.name),
                title="orders-errors",
                seen_at=NOW + timedelta(seconds=number),
                actor="system:test",
                reason="",
            ).is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        opened = list(pool.map(notify, range(50)))

    incident = Incident.objects.get()
    assert opened.count(True) == 1
    assert (incident.occurrences, incident.first_seen_at, incident.last_seen_at) == (
        50,
        NOW,
        NOW + timedelta(seconds=49),
    )
    assert Transition.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_drains_at_once_share_the_events_without_deadlock_or_double_count() -> None:
    ServiceFactory(name="orders", alarm_patterns=["orders-*"])
    # Neighbours differ, so that small batches of different drains meet at every fingerprint.
    for number in range(120):
        stored(alarm=f"orders-{number % 4}", minutes=number)
    together = Barrier(6)

    def work(_: int) -> int:
        together.wait()
        taken = 0
        try:
            while Event.objects.filter(disposition=Disposition.RECEIVED).exists():
                taken += drain(limit=7).total
        finally:
            connection.close()
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(work, range(6)))

    assert sum(taken) == 120
    assert sorted(Incident.objects.values_list("occurrences", flat=True)) == [30, 30, 30, 30]
    assert Event.objects.filter(disposition=Disposition.OPENED).count() == 4


@pytest.mark.django_db(transaction=True)
def test_an_ok_and_an_alarm_in_two_drains_at_once_end_the_same_in_whatever_order() -> None:
    ServiceFactory(name="orders", alarm_patterns=["orders-*"])
    for number in range(20):
        stored(alarm=f"orders-{number}")
        stored("OK", alarm=f"orders-{number}", minutes=5)
    together = Barrier(4)

    def work(_: int) -> None:
        together.wait()
        try:
            while Event.objects.filter(disposition=Disposition.RECEIVED).exists():
                drain(limit=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert set(Incident.objects.values_list("status", flat=True)) == {Status.RESOLVED}
    assert Incident.objects.count() == 20
    assert not Event.objects.filter(incident=None).exists()


@pytest.mark.django_db
def test_a_batch_that_loses_its_database_leaves_every_event_to_be_drained_again(
    orders: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored()
    stored(alarm="orders-slow")
    applied: list[object] = []

    def fail_at_the_second(**move: object) -> None:
        applied.append(move)
        if len(applied) == 2:
            raise OperationalError("the server closed the connection")

    monkeypatch.setattr("incidents.opening.transition_record", fail_at_the_second)
    with pytest.raises(OperationalError, match="closed the connection"):
        drain()
    assert not Incident.objects.exists()
    monkeypatch.undo()

    assert drain().dispositions == {Disposition.OPENED: 2}


@pytest.mark.django_db
def test_a_resolved_incident_does_not_come_back_by_a_further_ok(orders: Service) -> None:
    stored()
    drain()
    incident_move(incident=Incident.objects.get(), target=Status.CLOSED, actor="user:ada")
    ok = stored("OK", minutes=5)

    drain()

    assert Incident.objects.get().status == Status.CLOSED
    assert drained(ok).incident is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "impossible",
    ["0001-01-01T00:00:00.000+1400", "9999-12-31T23:59:59.999-1400", "9999-12-31T23:59:59.999+0000"],
)
def test_an_alarm_of_a_time_that_nobody_can_reckon_with_holds_no_other_up(
    orders: Service, impossible: str
) -> None:
    document = {"AlarmName": "orders-errors", "NewStateValue": "ALARM", "StateChangeTime": impossible}
    message = Message(
        Type="Notification",
        MessageId="impossible",
        TopicArn="arn:aws:sns:us-east-1:123456789012:alarms",
        Message=json.dumps(document),
        Timestamp="2026-11-26T00:00:00.000Z",
        SignatureVersion="2",
        Signature="",
        SigningCertURL="",
    )
    event_store(message=message, raw="{}")
    other = stored()

    drain()

    assert drained(other).disposition == Disposition.OPENED
    assert Event.objects.get(message_id="impossible").disposition == Disposition.UNROUTED


@pytest.mark.django_db
def test_an_event_that_cannot_be_read_is_left_to_a_person_and_stops_no_other(orders: Service) -> None:
    first, unreadable, last = stored(minutes=1), stored(minutes=2), stored("OK", minutes=3)
    with connection.cursor() as cursor:
        # What PostgreSQL keeps and Python has no date for.
        cursor.execute(
            "UPDATE incidents_event SET state_changed_at = '0044-03-15 BC' WHERE id = %s", [unreadable.pk]
        )

    report = drain()

    assert report.dispositions == {Disposition.OPENED: 1, Disposition.OK: 1, Disposition.UNROUTED: 1}
    assert (drained(first).disposition, drained(last).disposition) == (Disposition.OPENED, Disposition.OK)
    left = Event.objects.defer("state_changed_at").get(pk=unreadable.pk)
    assert left.disposition == Disposition.UNROUTED
    assert left.disposition_reason.startswith("Unexpected DataError in intake: ")
    assert left.disposition_reason.endswith("See the worker's log, then route it again.")
    assert drain().total == 0


@pytest.mark.django_db
def test_a_fault_in_one_alarms_incident_costs_the_others_nothing(
    orders: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def apply(signal: Signal) -> None:
        if signal.event.alarm_name == "orders-odd":
            raise ZeroDivisionError("division by zero")
        signal_apply(signal)

    monkeypatch.setattr("incidents.intake.signal_apply", apply)
    odd, others = stored(alarm="orders-odd"), [stored(minutes=1), stored(minutes=2)]

    drain()

    assert [drained(event).disposition for event in others] == [Disposition.OPENED, Disposition.ATTACHED]
    assert drained(odd).disposition_reason.startswith("Unexpected ZeroDivisionError in intake: division by zero.")
    assert Incident.objects.count() == 1


def failing(signal: Signal) -> None:
    raise ProgrammingError("column incidents_incident.later does not exist")


@pytest.mark.django_db
def test_a_fault_that_hits_every_event_leaves_all_of_them_to_be_drained_after_the_mend(
    orders: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        stored(alarm=f"orders-{number}")
    with monkeypatch.context() as release:
        release.setattr("incidents.intake.signal_apply", failing)
        with pytest.raises(ProgrammingError, match="later does not exist"):
            drain_events()
    assert set(Event.objects.values_list("disposition", "drained_at")) == {(Disposition.RECEIVED, None)}

    drain_events()

    assert Incident.objects.count() == 3


@pytest.mark.django_db
def test_a_fault_of_everything_that_opens_an_incident_is_not_taken_for_a_fault_of_each_alarm(
    orders: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(alarm="orders-known")
    drain()

    def opens_nothing(**move: object) -> None:
        raise ProgrammingError("column incidents_transition.later does not exist")

    attached = stored(alarm="orders-known", minutes=1)
    unclaimed, alarm = stored(alarm="nobodys"), stored(minutes=2)
    with monkeypatch.context() as release:
        release.setattr("incidents.opening.transition_record", opens_nothing)
        with pytest.raises(ProgrammingError):
            drain_events()
    assert drained(attached).disposition == Disposition.ATTACHED
    assert drained(unclaimed).disposition == Disposition.UNROUTED
    assert not events_failed(since=NOW - timedelta(days=1)).exists()

    drain_events()

    assert drained(alarm).disposition == Disposition.OPENED


@pytest.mark.django_db
def test_a_poisonous_event_that_is_alone_is_tried_again_until_another_one_proves_that_it_is_not_us(
    orders: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def apply(signal: Signal) -> None:
        (failing if signal.event.alarm_name == "orders-odd" else signal_apply)(signal)

    monkeypatch.setattr("incidents.intake.signal_apply", apply)
    odd = stored(alarm="orders-odd")
    with pytest.raises(ProgrammingError):
        drain_events()
    odd.refresh_from_db()
    assert (odd.disposition, odd.drained_at) == (Disposition.RECEIVED, None)
    assert not events_failed(since=NOW - timedelta(days=1)).exists()

    stored()
    drain_events()

    assert drained(odd).disposition == Disposition.UNROUTED
    assert events_failed(since=NOW - timedelta(days=1)).get() == odd
    assert not events_failed(since=timezone.now()).exists()
    event_route(event=odd, actor="user:ada")
    assert not events_failed(since=NOW - timedelta(days=1)).exists()
