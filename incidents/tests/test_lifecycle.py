"""The status field's one writer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from incidents.choices import ENDED, MOVING, Status
from incidents.lifecycle import TRANSITIONS, InvalidTransition, StaleState, incident_move
from incidents.models import Incident, Transition
from incidents.tests.factories import IncidentFactory


@pytest.mark.django_db
def test_a_move_changes_the_status_and_writes_one_row() -> None:
    incident = IncidentFactory.create()

    incident_move(incident=incident, target=Status.TRIAGING, actor="system:test", reason="because")

    assert Incident.objects.get(pk=incident.pk).status == Status.TRIAGING
    row = Transition.objects.get(incident=incident)
    assert (row.source, row.target, row.actor, row.reason) == ("open", "triaging", "system:test", "because")


@pytest.mark.django_db
def test_a_move_that_the_table_lacks_is_refused_and_changes_nothing() -> None:
    incident = IncidentFactory.create()

    with pytest.raises(InvalidTransition, match="cannot go from open to pr_open"):
        incident_move(incident=incident, target=Status.PR_OPEN, actor="system:test")

    assert Incident.objects.get(pk=incident.pk).status == Status.OPEN
    assert not Transition.objects.exists()


@pytest.mark.django_db
def test_a_move_from_a_stale_copy_is_refused() -> None:
    incident = IncidentFactory.create()
    stale = Incident.objects.get(pk=incident.pk)
    incident_move(incident=incident, target=Status.TRIAGING, actor="system:first")

    with pytest.raises(StaleState):
        incident_move(incident=stale, target=Status.TRIAGING, actor="system:second")

    assert [row.actor for row in Transition.objects.all()] == ["system:first"]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_that_move_at_once_one_wins() -> None:
    incident = IncidentFactory.create()
    together = Barrier(8)

    def move(number: int) -> bool:
        mine = Incident.objects.get(pk=incident.pk)
        together.wait()
        try:
            incident_move(incident=mine, target=Status.TRIAGING, actor=f"system:{number}")
        except StaleState:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(move, range(8)))

    assert won.count(True) == 1
    assert Transition.objects.count() == 1


@given(st.sampled_from(Status))
def test_every_status_is_in_the_table_and_leads_only_to_others(status: Status) -> None:
    assert status not in TRANSITIONS[status]


def test_what_moves_by_itself_can_always_be_handed_to_a_person() -> None:
    assert all(Status.NEEDS_HUMAN in TRANSITIONS[status] for status in MOVING)


def test_ended_incidents_stay_ended_but_for_what_a_person_can_reopen() -> None:
    assert {status for status in ENDED if TRANSITIONS[status]} == {
        Status.NOISE,
        Status.DUPLICATE,
        Status.REJECTED,
    }
