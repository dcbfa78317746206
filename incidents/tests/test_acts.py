"""What a person may do to an incident: only what is legal, recorded with their name, reversed where possible."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from approvals.groups import groups_ensure
from incidents.acts import UnknownAct, act, acts_offered
from incidents.choices import Classification, Severity, Stage, StageStatus, Status
from incidents.lifecycle import InvalidTransition, StaleState
from incidents.models import GoldenCase, Incident, StageRun, Transition
from incidents.relabelling import STOPPABLE, LabelRefused, incident_relabel
from incidents.retrying import stage_retry, stages_to_retry
from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory
from incidents.tests.races import intake_opening

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    groups_ensure()
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name="responder"))
    return user


def an_incident(status: Status, said: Classification = Classification.REAL) -> Incident:
    incident: Incident = IncidentFactory.create(status=status, classification=said, severity="P2")
    EventFactory.create(incident=incident, service=incident.service, disposition="opened")
    return incident


def now(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def offered(incident: Incident) -> set[str]:
    return {each.name for each in acts_offered(incident)}


def a_run(incident: Incident, stage: Stage, status: StageStatus) -> StageRun:
    return StageRun.objects.create(
        incident=incident, stage=stage, status=status, started_at=timezone.now(), output={"root_cause": "so"}
    )


@pytest.mark.parametrize("status", list(Status))
def test_whatever_is_offered_can_be_done(ada: User, status: Status) -> None:
    values = {"severity": "P0", "send": "bo", "retry": "logs"}
    for name in sorted(offered(an_incident(status))):
        incident = an_incident(status)
        other: Incident = IncidentFactory.create(service=incident.service)
        value = str(other.pk) if name == "label_duplicate" else values.get(name, "")
        if name == "retry":
            a_run(incident, Stage.LOGS, StageStatus.FAILED)

        assert act(incident=incident, user=ada, name=name, value=value, reason="because")


@pytest.mark.parametrize(
    ("status", "legal"),
    [
        (Status.DIAGNOSING, {"pause", "send", "close"}),
        (Status.NEEDS_HUMAN, {"resume", "close"}),
        (Status.PR_OPEN, {"close"}),
        (Status.RESOLVED, set()),
        (Status.NOISE, set()),
    ],
)
def test_moves_are_offered_only_where_they_are_legal(status: Status, legal: set[str]) -> None:
    labels = {"label_real", "label_noise", "label_duplicate", "severity"}

    assert offered(an_incident(status)) - labels == legal


def test_what_is_not_offered_is_not_done(ada: User) -> None:
    incident = an_incident(Status.RESOLVED)

    with pytest.raises(UnknownAct, match="'close' is not possible while the incident is resolved"):
        act(incident=incident, user=ada, name="close")


@pytest.mark.parametrize(
    ("name", "value", "status", "reason"),
    [
        ("pause", "", Status.NEEDS_HUMAN, "paused: a deploy is running"),
        ("send", "bo", Status.NEEDS_HUMAN, "sent to bo: a deploy is running"),
        ("close", "", Status.CLOSED, "a deploy is running"),
    ],
)
def test_a_move_is_recorded_with_its_person_and_reason(
    ada: User, name: str, value: str, status: Status, reason: str
) -> None:
    incident = an_incident(Status.FIXING)

    act(incident=incident, user=ada, name=name, value=value, reason="a deploy is running")

    moved = Transition.objects.get(incident=incident)
    assert (moved.source, moved.target, moved.actor, moved.reason) == (Status.FIXING, status, "user:ada", reason)


def test_a_move_from_a_status_that_has_passed_is_refused(ada: User) -> None:
    incident = an_incident(Status.FIXING)
    Incident.objects.update(status=Status.REVIEWING)

    with pytest.raises(StaleState):
        act(incident=incident, user=ada, name="pause")


@pytest.mark.parametrize("was", [Classification.NOISE, Classification.DUPLICATE])
def test_what_was_dropped_and_is_real_is_opened_again_and_makes_a_case(ada: User, was: Classification) -> None:
    incident = an_incident(Status(was.value), was)

    done = incident_relabel(incident=incident, user=ada, classification=Classification.REAL, why="a call")

    assert done.effect == "opened again"
    row = now(incident)
    assert (row.status, row.classification, row.duplicate_of) == (Status.OPEN, Classification.REAL, None)
    case = GoldenCase.objects.get()
    assert (case.was_classification, case.classification, case.labelled_by) == (was, Classification.REAL, ada)
    assert (case.was_severity, case.severity, case.why, case.provenance) == ("P2", "P2", "a call", "admin")
    assert case.material["alarm"]["AlarmName"] == incident.events.get().alarm_name


@pytest.mark.django_db(transaction=True)
def test_it_is_not_opened_again_while_intake_opens_one_for_the_same_alarm(ada: User) -> None:
    incident = an_incident(Status.NOISE, Classification.NOISE)

    with intake_opening(incident) as opening:
        done = incident_relabel(incident=incident, user=ada, classification=Classification.REAL)

    assert f"#{opening.result()} is open for the same alarm" in done.effect
    assert now(incident).status == Status.NOISE


def test_it_is_not_opened_again_beside_an_open_one_of_the_same_alarm(ada: User) -> None:
    incident = an_incident(Status.NOISE, Classification.NOISE)
    other = IncidentFactory.create(fingerprint=incident.fingerprint)

    done = incident_relabel(incident=incident, user=ada, classification=Classification.REAL)

    assert f"#{other.pk} is open for the same alarm" in done.effect
    assert now(incident).status == Status.NOISE
    assert GoldenCase.objects.exists()


@pytest.mark.parametrize("status", sorted(STOPPABLE))
def test_a_running_incident_that_is_noise_ends(ada: User, status: Status) -> None:
    incident = an_incident(status)

    done = incident_relabel(incident=incident, user=ada, classification=Classification.NOISE)

    assert done.effect == "ended as noise"
    assert now(incident).status == Status.NOISE
    assert set(Transition.objects.values_list("actor", flat=True)) == {"user:ada"}


@pytest.mark.parametrize("status", [Status.OPENING_PR, Status.PR_OPEN, Status.MONITORING, Status.RESOLVED])
def test_what_is_at_the_code_host_or_over_is_labelled_and_not_undone(ada: User, status: Status) -> None:
    incident = an_incident(status)

    done = incident_relabel(incident=incident, user=ada, classification=Classification.NOISE)

    assert f"it stays {status}" in done.effect
    assert (now(incident).status, now(incident).classification) == (status, Classification.NOISE)


def test_a_duplicate_is_one_of_another_live_incident_of_the_service(ada: User) -> None:
    incident = an_incident(Status.DIAGNOSING)
    elsewhere, ended = IncidentFactory.create(), IncidentFactory.create(service=incident.service, status="closed")
    live = IncidentFactory.create(service=incident.service)

    for wrong in (incident.pk, elsewhere.pk, ended.pk, None):
        with pytest.raises(LabelRefused):
            incident_relabel(
                incident=incident, user=ada, classification=Classification.DUPLICATE, duplicate_of=wrong
            )
    assert not GoldenCase.objects.exists()

    incident_relabel(incident=incident, user=ada, classification=Classification.DUPLICATE, duplicate_of=live.pk)

    assert (now(incident).status, now(incident).duplicate_of) == (Status.DUPLICATE, live)


def test_another_severity_is_kept_and_moves_nothing(ada: User) -> None:
    incident = an_incident(Status.FIXING)

    act(incident=incident, user=ada, name="severity", value="P0")

    assert (now(incident).severity, now(incident).status) == (Severity.P0, Status.FIXING)
    assert (GoldenCase.objects.get().was_severity, GoldenCase.objects.get().severity) == ("P2", "P0")


def test_a_second_label_corrects_the_first_and_keeps_what_the_pipeline_had_said(ada: User) -> None:
    incident = an_incident(Status.NOISE, Classification.NOISE)
    incident_relabel(incident=incident, user=ada, classification=Classification.REAL)

    incident_relabel(incident=now(incident), user=ada, classification=Classification.NOISE)

    case = GoldenCase.objects.get()
    assert (case.was_classification, case.classification) == (Classification.NOISE, Classification.NOISE)


def test_a_failed_stage_is_tried_again_and_a_good_one_only_before_a_fix_stands_on_it(ada: User) -> None:
    incident = an_incident(Status.NEEDS_HUMAN)
    a_run(incident, Stage.LOGS, StageStatus.SUCCEEDED)
    a_run(incident, Stage.DIAGNOSIS, StageStatus.SUCCEEDED)
    a_run(incident, Stage.MONITOR, StageStatus.FAILED)
    assert stages_to_retry(incident) == [Stage.LOGS, Stage.DIAGNOSIS, Stage.MONITOR]

    stage_retry(incident=incident, stage=Stage.LOGS, actor="user:ada")

    assert now(incident).status == Status.OPEN
    runs = StageRun.objects.filter(exit_reason="RetriedByPerson")
    assert {run.stage for run in runs} == {Stage.LOGS, Stage.DIAGNOSIS}

    Incident.objects.update(status=Status.NEEDS_HUMAN)
    FixFactory.create(incident=incident)
    StageRun.objects.update(status=StageStatus.SUCCEEDED)
    with pytest.raises(InvalidTransition, match="logs of incident"):
        stage_retry(incident=now(incident), stage=Stage.LOGS, actor="user:ada")


def test_the_page_offers_and_does_it_for_those_who_may(ada: User) -> None:
    incident = an_incident(Status.NOISE, Classification.NOISE)
    client, page = Client(), reverse("admin:incidents_incident_change", args=[incident.pk])
    client.force_login(ada)
    assert "It is real" in client.get(page).content.decode()

    sent = client.post(
        reverse("admin:incidents_incident_act", args=[incident.pk]), {"act": "label_real"}, follow=True
    )

    assert f"Incident #{incident.pk}: opened again" in sent.content.decode()
    assert now(incident).status == Status.OPEN


def test_who_may_only_read_is_offered_nothing_and_does_nothing() -> None:
    groups_ensure()
    viewer = User.objects.create_user("vi", is_staff=True)
    viewer.groups.add(Group.objects.get(name="viewer"))
    incident = an_incident(Status.NOISE, Classification.NOISE)
    client = Client()
    client.force_login(viewer)

    shown = client.get(reverse("admin:incidents_incident_change", args=[incident.pk])).content.decode()
    refused = client.post(reverse("admin:incidents_incident_act", args=[incident.pk]), {"act": "label_real"})

    assert "It is real" not in shown
    assert refused.status_code == 403
    assert now(incident).status == Status.NOISE
