"""What the demo prints: in the order in which it happened, and a diff that can be read in a log."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from config.demo.view import View
from incidents.choices import Stage, StageStatus
from incidents.models import StageRun, Transition
from incidents.tests.factories import IncidentFactory

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def view(log: io.StringIO) -> View:
    return View(Console(file=log, width=80))


@pytest.mark.django_db
def test_a_stage_and_a_transition_are_told_in_the_order_in_which_they_happened(
    view: View, log: io.StringIO
) -> None:
    incident = IncidentFactory()
    Transition.objects.create(incident=incident, source="open", target="triaging", actor="system:test", at=START)
    StageRun.objects.create(
        incident=incident,
        stage=Stage.TRIAGE,
        status=StageStatus.SUCCEEDED,
        output={"classification": "real", "severity": "P1"},
        started_at=START,
        finished_at=START + timedelta(seconds=1),
    )
    Transition.objects.create(
        incident=incident,
        source="triaging",
        target="diagnosing",
        actor="agent:triage",
        at=START + timedelta(seconds=2),
    )
    view.watch(incident.pk, "checkout")

    view.refresh()

    first, second, third = log.getvalue().splitlines()
    assert "-> triaging" in first
    assert "real, P1" in second
    assert "-> diagnosing" in third


def test_a_line_of_a_diff_is_whole_in_a_log(view: View, log: io.StringIO) -> None:
    line = f"+{'x' * 200}"

    view.diff(f"--- a/x\n+++ b/x\n{line}\n")

    assert line in [printed.rstrip() for printed in log.getvalue().splitlines()]
