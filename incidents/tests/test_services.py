"""What people and code hosts do to events, incidents and pull requests."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from incidents.choices import Classification, Disposition, PullRequestState, Status
from incidents.false_positives import false_positive_rate
from incidents.lifecycle import InvalidTransition, StaleState
from incidents.models import Event, GoldenCase, Incident, PullRequest, Transition
from incidents.relabelling import closing_label, incident_relabel
from incidents.services import (
    event_route,
    incident_resume,
    pull_request_closed,
    pull_request_merged,
    pull_request_reopened,
)
from incidents.tests.factories import EventFactory, IncidentFactory, PullRequestFactory, ServiceFactory

pytestmark = pytest.mark.django_db

MERGE = "c" * 40


def opened(status: Status = Status.PR_OPEN) -> PullRequest:
    pull_request: PullRequest = PullRequestFactory(incident__status=status)
    return pull_request


def state_of(pull_request: PullRequest) -> tuple[str, str]:
    pull_request.refresh_from_db()
    return pull_request.state, Incident.objects.get(pk=pull_request.incident_id).status


def moves() -> list[tuple[str, str, str]]:
    return [(row.source, row.target, row.actor) for row in Transition.objects.all()]


def test_a_merge_sends_the_incident_on_to_its_monitors() -> None:
    pull_request = opened()

    assert pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert state_of(pull_request) == (PullRequestState.MERGED, Status.MONITORING)
    assert pull_request.merge_commit == MERGE
    assert pull_request.closed_at is not None
    assert moves() == [(Status.PR_OPEN, Status.MONITORING, "system:test")]


def test_a_merge_told_twice_has_one_effect() -> None:
    pull_request = opened()
    pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert not pull_request_merged(pull_request=pull_request, merge_commit="d" * 40, actor="system:test")

    assert state_of(pull_request) == (PullRequestState.MERGED, Status.MONITORING)
    assert pull_request.merge_commit == MERGE
    assert len(moves()) == 1


def test_a_merge_that_is_told_before_the_worker_moved_on_is_not_lost() -> None:
    pull_request = opened(Status.OPENING_PR)

    pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert state_of(pull_request) == (PullRequestState.MERGED, Status.MONITORING)
    assert [target for _, target, _ in moves()] == [Status.PR_OPEN, Status.MONITORING]


def test_a_merge_of_a_closed_incidents_pull_request_is_only_recorded() -> None:
    pull_request = opened(Status.CLOSED)

    assert pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert state_of(pull_request) == (PullRequestState.MERGED, Status.CLOSED)
    assert moves() == []


def test_closing_it_unmerged_rejects_the_incident_with_the_reason() -> None:
    pull_request = opened()

    assert pull_request_closed(pull_request=pull_request, actor="system:test", reason="ada closed it")

    assert state_of(pull_request) == (PullRequestState.CLOSED, Status.REJECTED)
    assert Incident.objects.get().status_reason == "ada closed it"


def test_an_old_closing_does_not_undo_a_merge() -> None:
    pull_request = opened()
    pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert not pull_request_closed(pull_request=pull_request, actor="system:test", reason="late")

    assert state_of(pull_request) == (PullRequestState.MERGED, Status.MONITORING)


def closed(**fields: Any) -> PullRequest:
    pull_request: PullRequest = PullRequestFactory(incident__status=Status.PR_OPEN, **fields)
    pull_request_closed(pull_request=pull_request, actor="system:test", reason="to run the checks again")
    return pull_request


def test_opened_again_its_incident_waits_for_it_as_before_and_people_merge_it() -> None:
    pull_request = closed(is_merged_by_platform=True)

    assert pull_request_reopened(pull_request=pull_request, actor="system:test", reason="ada opened it again")

    assert state_of(pull_request) == (PullRequestState.OPEN, Status.PR_OPEN)
    assert (pull_request.closed_at, pull_request.is_merged_by_platform) == (None, False)
    assert pull_request.merge_held_by == "system:test"
    assert Incident.objects.get().status_reason == "ada opened it again"


@pytest.mark.parametrize("is_told", [True, False])
def test_a_merge_after_it_was_opened_again_goes_on_to_the_monitors(is_told: bool) -> None:
    pull_request = closed()
    if is_told:
        pull_request_reopened(pull_request=pull_request, actor="system:test", reason="ada opened it again")

    assert pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert state_of(pull_request) == (PullRequestState.MERGED, Status.MONITORING)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_false_alarm_whose_pull_request_was_opened_again_is_none(is_told: bool) -> None:
    pull_request: PullRequest = PullRequestFactory(
        incident__status=Status.PR_OPEN, incident__classification=Classification.REAL
    )
    incident = pull_request.incident
    pull_request_closed(pull_request=pull_request, actor="system:test", reason="ada closed it: false alarm")
    closing_label(incident=incident, login="ada", comment="false alarm", actor="system:test")
    assert false_positive_rate().false == 1

    if is_told:
        pull_request_reopened(pull_request=pull_request, actor="system:test", reason="ada opened it again")
    else:
        pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert Incident.objects.get().classification == Classification.REAL
    assert not GoldenCase.objects.exists()
    assert false_positive_rate().false == 0


def test_what_a_person_said_in_the_console_stays_when_the_pull_request_is_opened_again() -> None:
    pull_request = closed(incident__classification=Classification.REAL)
    incident_relabel(
        incident=pull_request.incident,
        user=User.objects.create_user("ada"),
        classification=Classification.NOISE,
    )

    pull_request_reopened(pull_request=pull_request, actor="system:test", reason="bob opened it again")

    assert Incident.objects.get().classification == GoldenCase.objects.get().classification == Classification.NOISE


def test_it_is_only_recorded_where_the_alarm_has_another_incident_by_then() -> None:
    pull_request = closed()
    IncidentFactory(fingerprint=pull_request.incident.fingerprint, status=Status.FIXING)

    assert pull_request_reopened(pull_request=pull_request, actor="system:test", reason="ada opened it again")

    assert state_of(pull_request) == (PullRequestState.OPEN, Status.REJECTED)


@pytest.mark.parametrize("status", [Status.PR_OPEN, Status.MONITORING])
def test_what_was_not_closed_is_not_opened_again(status: Status) -> None:
    pull_request = opened()
    if status == Status.MONITORING:
        pull_request_merged(pull_request=pull_request, merge_commit=MERGE, actor="system:test")

    assert not pull_request_reopened(pull_request=pull_request, actor="system:test", reason="late")

    assert state_of(pull_request)[1] == status


def test_an_incident_that_needs_a_human_can_be_resumed() -> None:
    incident = IncidentFactory(status=Status.NEEDS_HUMAN)

    incident_resume(incident=incident, actor="user:ada", reason="the token works again")

    assert Incident.objects.get().status == Status.OPEN
    assert moves() == [(Status.NEEDS_HUMAN, Status.OPEN, "user:ada")]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.NEEDS_HUMAN}))
def test_no_other_incident_can_be_resumed(status: Status) -> None:
    incident = IncidentFactory(status=status)

    with pytest.raises(InvalidTransition, match="only one that needs a human can be resumed"):
        incident_resume(incident=incident, actor="user:ada")


@pytest.mark.parametrize("disposition", sorted(set(Disposition) - {Disposition.UNROUTED}))
def test_only_unrouted_events_can_be_routed(disposition: Disposition) -> None:
    event: Event = EventFactory(disposition=disposition)

    with pytest.raises(StaleState, match="is not unrouted any more"):
        event_route(event=event, service=ServiceFactory(), actor="user:ada")

    event.refresh_from_db()
    assert (event.disposition, event.service) == (disposition, None)
