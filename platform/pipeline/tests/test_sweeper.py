"""The safety net: only what stands still is nudged, and not at every sweep."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.choices import Stage, Status
from incidents.models import Incident, StageRun
from incidents.tests.factories import IncidentFactory
from pipeline.sweeper import sweep

pytestmark = pytest.mark.django_db


def standing_still(**fields: object) -> Incident:
    incident: Incident = IncidentFactory.create(**fields)
    Incident.objects.filter(pk=incident.pk).update(active_at=timezone.now() - timedelta(hours=1))
    return incident


def test_a_moving_incident_that_stands_still_is_nudged_once_an_interval() -> None:
    incident = standing_still(status=Status.DIAGNOSING)

    assert sweep() == [incident.pk]
    assert sweep() == []


@pytest.mark.parametrize("status", [Status.AWAITING_APPROVAL, Status.NEEDS_HUMAN, Status.PR_OPEN, Status.RESOLVED])
def test_what_waits_for_others_or_has_ended_is_left_alone(status: Status) -> None:
    standing_still(status=status)

    assert sweep() == []


def test_a_stage_with_a_live_lease_is_left_alone_and_one_without_is_not() -> None:
    incident = standing_still(status=Status.FIXING)
    now = timezone.now()
    run = StageRun.objects.create(
        incident=incident, stage=Stage.FIX, started_at=now, lease_expires_at=now + timedelta(minutes=1)
    )
    assert sweep() == []

    run.lease_expires_at = now - timedelta(seconds=1)
    run.save()
    assert sweep() == [incident.pk]
