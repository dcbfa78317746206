"""Alarms that wait for a click: every way to decide them, in turn, at once, and with workers that die."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pydantic import SecretStr

from agents.tests.stories import an_alarm
from approvals.announcements import announcements_send
from approvals.choices import Scope
from approvals.models import AlarmAnnouncement
from approvals.tests.stories import person, token
from config.metrics.rows import collect
from incidents.acts import UnknownAct, act, acts_offered
from incidents.alarm_proposals import UnknownAlarm, alarm_decide
from incidents.choices import AlarmPolicy, AlarmProposalState, Status
from incidents.lifecycle import InvalidTransition, StaleState
from incidents.models import AlarmProposal, Incident, Service
from integrations.cloudwatch.client import CloudWatch
from integrations.notify.standin import Receiver, receiving
from pipeline import tasks
from pipeline.sweeper import sweep
from pipeline.tests.merged_incident import THEIRS, Watch, a_plan, merged, monitored
from pipeline.tests.stories import Killed, reason_of, status_of

pytestmark = pytest.mark.django_db

FIRST, SECOND = "orders-service-total-crashes", "orders-service-slow-total-crashes"
State = AlarmProposalState


@pytest.fixture
def ria() -> User:
    return person("ria", "responder")


def asked(monkeypatch: pytest.MonkeyPatch, *, both: bool = False) -> Incident:
    """Return an incident of a service that wants to be asked, with one alarm or two that wait for a click."""
    incident = merged(alarm_policy=AlarmPolicy.PROPOSE)
    other = an_alarm(name=SECOND, metric_name="SlowTotalCrashes", period_seconds=300)
    # A pattern of its own: two filters that count the same are one too many.
    other.metric_filter = other.metric_filter and other.metric_filter.model_copy(update={"pattern": '"TypeError"'})
    monitored(monkeypatch, incident, a_plan(an_alarm(), *([other] if both else [])))
    return Incident.objects.get(pk=incident.pk)


def states() -> dict[str, str]:
    return dict(AlarmProposal.objects.values_list("name", "state"))


def click(incident: Incident, user: User, name: str, alarm: str = FIRST) -> str:
    proposal = AlarmProposal.objects.get(incident=incident, name=alarm)
    return act(incident=incident, user=user, name=name, value=str(proposal.pk))


def let_an_hour_pass(incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(active_at=timezone.now() - timedelta(hours=1))


def still_seconds() -> float:
    [found] = [metric for metric in collect() if metric.name == "agent_platform_incident_still_seconds"]
    return float(found.samples[0].value)


def test_an_alarm_that_passed_its_dry_run_waits_for_a_click_and_is_not_in_cloudwatch(
    production: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = asked(monkeypatch, both=True)

    assert (incident.status, states()) == (Status.MONITORING, {FIRST: State.PROPOSED, SECOND: State.PROPOSED})
    assert incident.status_reason == f"merged; 2 alarms wait for a click: {FIRST}, {SECOND}"
    assert set(production.alarms()) == {THEIRS}
    assert production.filters() == {}
    assert all(check["ok"] for check in AlarmProposal.objects.get(name=FIRST).dry_run.values())


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as listening:
        urls = {"notify_urls": SecretStr(f"{listening.url('on-call')} {listening.url('mail')}")}
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=urls))
        yield listening


def test_alarms_that_wait_for_a_click_are_announced_once_to_every_url(
    production: Watch, monkeypatch: pytest.MonkeyPatch, receiver: Receiver, ria: User
) -> None:
    incident = asked(monkeypatch, both=True)
    receiver.refusals = 1
    assert announcements_send() == 1  # one URL does not answer, and is tried again alone

    AlarmAnnouncement.objects.update(next_try_at=timezone.now())
    click(incident, ria, "create_alarm")
    tasks.monitor(incident.pk)
    for _ in range(2):
        announcements_send()

    assert sorted(message.path for message in receiver.received) == ["/mail", "/on-call"]
    first, second = (message.title for message in receiver.received)
    assert first == f"2 alarms wait for a decision in {incident.service}"
    assert second == f"1 alarm waits for a decision in {incident.service}"
    message = receiver.received[0].message
    assert f"/incidents/{incident.pk}" in message
    assert FIRST in message


def test_alarms_that_were_decided_before_anybody_was_told_are_not_announced(
    production: Watch, monkeypatch: pytest.MonkeyPatch, receiver: Receiver, ria: User
) -> None:
    incident = asked(monkeypatch)
    click(incident, ria, "decline_alarm")

    announcements_send()

    assert receiver.received == []


def test_alarms_that_need_no_click_are_announced_to_nobody(
    production: Watch, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    incident = merged()
    monitored(monkeypatch, incident, a_plan(an_alarm()))

    assert status_of(incident) == Status.RESOLVED
    assert not AlarmAnnouncement.objects.exists()


def test_a_click_has_it_created_by_a_worker_and_the_last_one_resolves_the_incident(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch, both=True)

    assert click(incident, ria, "create_alarm") == f"{FIRST} is being created"
    assert (states()[FIRST], set(production.alarms())) == (State.APPROVED, {THEIRS})
    assert reason_of(incident) == f"merged; 1 alarm waits for a click: {SECOND}"
    tasks.monitor(incident.pk)
    assert set(production.alarms()) == {THEIRS, FIRST}
    assert status_of(incident) == Status.MONITORING

    assert click(incident, ria, "decline_alarm", SECOND) == f"{SECOND} is declined"
    tasks.monitor(incident.pk)

    made = AlarmProposal.objects.get(name=FIRST)
    assert states() == {FIRST: State.CREATED, SECOND: State.DECLINED}
    assert made.alarm_arn == production.alarms()[FIRST]["AlarmArn"]
    assert (made.decided_by, made.decided_at is not None) == ("user:ria", True)
    assert set(production.alarms()) == {THEIRS, FIRST}
    assert status_of(incident) == Status.RESOLVED
    assert reason_of(incident) == f"merged; created {FIRST} (user:ria); declined {SECOND} (user:ria)"


def test_where_all_are_declined_nothing_is_made_and_the_incident_is_over(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)

    click(incident, ria, "decline_alarm")
    tasks.monitor(incident.pk)

    assert (status_of(incident), set(production.alarms())) == (Status.RESOLVED, {THEIRS})
    assert reason_of(incident) == f"merged; declined {FIRST} (user:ria)"


def test_the_first_of_two_clicks_holds_and_the_second_hears_whose_it_was(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch, both=True)
    click(incident, ria, "create_alarm")

    for name in ("create_alarm", "decline_alarm"):
        with pytest.raises(StaleState, match=f"{FIRST} is approved by user:ria"):
            click(incident, person(f"bo-{name}", "responder"), name)

    assert AlarmProposal.objects.get(name=FIRST).decided_by == "user:ria"


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_click_at_once_one_decides(production: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = asked(monkeypatch)
    proposal, together, ends = AlarmProposal.objects.get(), Barrier(2), list[str]()

    def decide(state: AlarmProposalState) -> None:
        together.wait(10)
        try:
            alarm_decide(incident=incident, proposal_id=proposal.pk, state=state, actor=f"user:{state}")
            ends.append(state)
        except StaleState:
            ends.append("stale")
        finally:
            connection.close()

    threads = [Thread(target=decide, args=[state]) for state in (State.APPROVED, State.DECLINED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    decided = AlarmProposal.objects.get()
    assert sorted(ends) == sorted(["stale", decided.state])
    assert decided.decided_by == f"user:{decided.state}"


def test_what_waits_is_neither_swept_nor_counted_as_standing_still_and_what_was_clicked_is(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User, sent: list[int]
) -> None:
    incident = asked(monkeypatch, both=True)
    let_an_hour_pass(incident)
    assert (sweep(), still_seconds()) == ([], 0)

    click(incident, ria, "create_alarm")
    assert still_seconds() < 60

    let_an_hour_pass(incident)  # the click's own nudge was lost
    assert sweep() == [incident.pk]


def test_the_last_click_is_found_by_the_sweeper_when_its_nudge_was_lost(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    click(incident, ria, "decline_alarm")
    let_an_hour_pass(incident)

    assert sweep() == [incident.pk]


def dies_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*arguments: Any, **keywords: Any) -> None:
        function(*arguments, **keywords)
        raise Killed

    return killed


def test_a_worker_killed_after_creating_an_alarm_leaves_one_alarm_that_the_next_records(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    click(incident, ria, "create_alarm")
    with monkeypatch.context() as patched:
        patched.setattr(CloudWatch, "put_alarm", dies_after(CloudWatch.put_alarm))
        with pytest.raises(Killed):
            tasks.monitor(incident.pk)
    assert (states(), set(production.alarms())) == ({FIRST: State.APPROVED}, {THEIRS, FIRST})

    tasks.monitor(incident.pk)

    assert (states(), set(production.alarms())) == ({FIRST: State.CREATED}, {THEIRS, FIRST})
    assert status_of(incident) == Status.RESOLVED


def test_a_worker_killed_before_anybody_was_asked_is_followed_by_one_that_asks(
    production: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = merged(alarm_policy=AlarmPolicy.PROPOSE)
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.monitors.alarms_ask", dies_after(lambda **_keywords: None))
        with pytest.raises(Killed):
            monitored(patched, incident, a_plan(an_alarm()))
    let_an_hour_pass(incident)
    assert act_names(incident) == set()
    assert sweep() == [incident.pk]

    tasks.monitor(incident.pk)

    assert act_names(incident) == {"create_alarm", "decline_alarm"}


def act_names(incident: Incident) -> set[str]:
    offered = {each.name for each in acts_offered(Incident.objects.get(pk=incident.pk))}
    return offered & {"create_alarm", "decline_alarm"}


def test_one_clicked_while_a_worker_looks_at_another_is_created_before_the_incident_ends(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch, both=True)
    click(incident, ria, "create_alarm")
    puts = CloudWatch.put_alarm

    def put_and_click(self: CloudWatch, alarm: Any) -> str:
        click(incident, ria, "create_alarm", SECOND)
        return puts(self, alarm)

    with monkeypatch.context() as patched:
        patched.setattr(CloudWatch, "put_alarm", put_and_click)
        tasks.monitor(incident.pk)
    assert (status_of(incident), states()) == (
        Status.MONITORING,
        {FIRST: State.CREATED, SECOND: State.APPROVED},
    )

    tasks.monitor(incident.pk)

    assert (status_of(incident), set(production.alarms())) == (Status.RESOLVED, {THEIRS, FIRST, SECOND})


def test_an_approved_alarm_whose_name_was_taken_while_it_waited_is_not_made_over_it(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    row = production.alarms()[THEIRS]
    same = {name: row[name] for name in ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods")}
    production.cloudwatch.put_metric_alarm(
        AlarmName=FIRST, Threshold=7.0, ComparisonOperator="GreaterThanThreshold", **same
    )

    click(incident, ria, "create_alarm")
    tasks.monitor(incident.pk)

    assert (states(), production.alarms()[FIRST]["Threshold"]) == ({FIRST: State.REFUSED}, 7.0)
    assert status_of(incident) == Status.NEEDS_HUMAN
    assert "another alarm has this name" in reason_of(incident)


def test_what_people_changed_after_an_alarm_was_made_stays_when_the_next_is_decided(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch, both=True)
    click(incident, ria, "create_alarm")
    tasks.monitor(incident.pk)
    production.cloudwatch.disable_alarm_actions(AlarmNames=[FIRST])

    click(incident, ria, "create_alarm", SECOND)
    tasks.monitor(incident.pk)

    assert status_of(incident) == Status.RESOLVED
    assert production.alarms()[FIRST]["ActionsEnabled"] is False


def test_what_was_asked_stays_a_question_when_the_service_no_longer_wants_to_be_asked(
    production: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = asked(monkeypatch)
    Service.objects.update(alarm_policy=AlarmPolicy.CREATE)

    tasks.monitor(incident.pk)

    assert (states(), set(production.alarms())) == ({FIRST: State.PROPOSED}, {THEIRS})


def test_a_pause_in_between_takes_no_question_away(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    act(incident=incident, user=ria, name="pause")
    paused = Incident.objects.get(pk=incident.pk)

    assert act_names(paused) == set()
    with pytest.raises(UnknownAct):
        click(paused, ria, "create_alarm")
    with pytest.raises(InvalidTransition, match="is needs_human"):
        alarm_decide(
            incident=paused, proposal_id=AlarmProposal.objects.get().pk, state=State.APPROVED, actor="user:ria"
        )
    assert states() == {FIRST: State.PROPOSED}

    Incident.objects.update(status=Status.MONITORING)
    tasks.monitor(incident.pk)
    assert act_names(incident) == {"create_alarm", "decline_alarm"}


def test_an_alarm_of_another_incident_is_not_decided_here(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    elsewhere = AlarmProposal.objects.create(
        incident=merged_elsewhere(incident), name="other", definition={}, asked_at=timezone.now()
    )

    with pytest.raises(UnknownAlarm):
        act(incident=incident, user=ria, name="create_alarm", value=str(elsewhere.pk))
    with pytest.raises(UnknownAct, match="Give the number"):
        act(incident=incident, user=ria, name="create_alarm", value=FIRST)


def merged_elsewhere(incident: Incident) -> Incident:
    return Incident.objects.create(
        service=incident.service,
        fingerprint="f" * 64,
        title="other",
        status=Status.MONITORING,
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )


def test_the_console_shows_the_alarm_and_decides_it_for_those_who_may(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    proposal = AlarmProposal.objects.get()
    page = reverse("admin:incidents_incident_change", args=[incident.pk])
    url = reverse("admin:incidents_incident_act", args=[incident.pk])
    sent = {"act": "create_alarm", "value:create_alarm": str(proposal.pk)}
    viewer, client = Client(), Client()
    viewer.force_login(person("vi", "viewer"))
    client.force_login(ria)

    seen = viewer.get(page).content.decode()
    its_page = reverse("admin:incidents_alarmproposal_change", args=[proposal.pk])
    assert its_page in seen
    assert "TotalCrashes" in viewer.get(its_page).content.decode()
    assert "Create the alarm" not in seen
    assert viewer.post(url, sent).status_code == 403
    assert states() == {FIRST: State.PROPOSED}

    assert "Create the alarm" in client.get(page).content.decode()
    assert f"{FIRST} is being created" in client.post(url, sent, follow=True).content.decode()
    assert states() == {FIRST: State.APPROVED}


def test_many_are_decided_in_the_list_of_the_console(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch, both=True)
    url, client = reverse("admin:incidents_alarmproposal_changelist"), Client()
    chosen = {"action": "decline", "_selected_action": list(AlarmProposal.objects.values_list("pk", flat=True))}
    client.force_login(person("vi", "viewer"))
    client.post(url, chosen)
    assert set(states().values()) == {State.PROPOSED}

    client.force_login(ria)
    client.post(url, chosen)

    assert set(states().values()) == {State.DECLINED}
    tasks.monitor(incident.pk)
    assert status_of(incident) == Status.RESOLVED


def test_a_bot_decides_for_its_person_and_the_api_shows_what_became_of_it(
    production: Watch, monkeypatch: pytest.MonkeyPatch, ria: User
) -> None:
    incident = asked(monkeypatch)
    url = f"/api/incidents/{incident.pk}/acts/"
    reads = {"Authorization": f"Bearer {token('ria', Scope.READ)}"}
    acts = {"Authorization": f"Bearer {token('ria', Scope.ACT)}"}
    [offer] = [each for each in Client().get(url, headers=reads).json() if each["name"] == "decline_alarm"]
    sent = {"act": "decline_alarm", "value": offer["choices"][0]["value"]}

    refused = Client().post(url, sent, content_type="application/json", headers=reads)
    done = Client().post(url, sent, content_type="application/json", headers=acts)
    again = Client().post(url, sent, content_type="application/json", headers=acts)

    assert offer["choices"][0]["label"] == FIRST
    assert [answer.status_code for answer in (refused, done, again)] == [403, 200, 409]
    assert done.json() == {"effect": f"{FIRST} is declined", "status": "monitoring"}
    client = Client()
    client.force_login(ria)
    [shown] = client.get(f"/api/incidents/{incident.pk}/").json()["alarm_proposals"]
    assert (shown["state"], shown["decided_by"]) == ("declined", "user:ria")
    assert shown["asked_at"] < shown["decided_at"]
