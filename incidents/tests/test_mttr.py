"""How long incidents take, from the rows that a real run writes."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from incidents.choices import Classification, PullRequestState, Severity, Stage, StageStatus, Status
from incidents.false_positives import false_positive_rate
from incidents.models import GoldenCase, Incident, StageRun, Transition
from incidents.mttr import curve, histories, summary
from incidents.tests.factories import IncidentFactory, PullRequestFactory, ServiceFactory

pytestmark = pytest.mark.django_db

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)


def incident(*steps: tuple[float, str], **fields: object) -> Incident:
    """An incident with these moves, seconds after the alarm changed."""
    defaults = {"classification": Classification.REAL, "severity": Severity.P1, "first_seen_at": START}
    row: Incident = IncidentFactory(status=steps[-1][1], **{**defaults, **fields})
    source = ""
    for seconds, target in steps:
        Transition.objects.create(
            incident=row, source=source, target=target, actor="system:test", at=START + timedelta(seconds=seconds)
        )
        source = target
    return row


def delivered(seconds: float, **fields: object) -> Incident:
    return incident((5, Status.OPEN), (6, Status.TRIAGING), (seconds, Status.PR_OPEN), **fields)


def test_the_time_to_the_first_pull_request_is_split_between_those_who_took_it() -> None:
    row = incident(
        (5, Status.OPEN),
        (10, Status.TRIAGING),
        (40, Status.AWAITING_APPROVAL),
        (100, Status.OPENING_PR),
        (105, Status.PR_OPEN),
        (500, Status.MONITORING),
        (600, Status.RESOLVED),
    )
    StageRun.objects.create(
        incident=row,
        stage=Stage.TRIAGE,
        status=StageStatus.SUCCEEDED,
        started_at=START + timedelta(seconds=12),
        finished_at=START + timedelta(seconds=22),
        model_seconds=8,
        tool_seconds=2,
    )

    [history] = histories(now=NOW)

    assert history.to_pull_request == timedelta(seconds=100)
    assert history.from_alarm_to_pull_request == timedelta(seconds=105)
    assert history.to_merge == timedelta(seconds=495)
    assert history.to_resolve == timedelta(seconds=595)
    assert history.parts.total == timedelta(seconds=100)
    assert (history.parts.model, history.parts.tools) == (timedelta(seconds=8), timedelta(seconds=2))
    assert history.parts.people == timedelta(seconds=60)
    assert history.parts.queue == timedelta(seconds=30)


def test_noise_and_duplicates_are_no_part_of_the_figures() -> None:
    incident((5, Status.OPEN), (9, Status.NOISE), classification=Classification.NOISE)

    assert histories(now=NOW) == []


def test_an_open_incident_is_counted_as_not_there_yet() -> None:
    delivered(105)
    delivered(205)
    incident((5, Status.OPEN), (6, Status.NEEDS_HUMAN))
    incident((5, Status.OPEN), (6, Status.NEEDS_HUMAN))

    found = summary("pull request", histories(now=NOW), lambda history: history.to_pull_request)

    assert (found.count, found.censored) == (2, 2)
    assert found.percentiles[0.5] == 150
    assert found.median_with_censored == 200


def test_the_curve_is_that_of_kaplan_and_meier() -> None:
    delivered(15)
    incident((5, Status.OPEN), (25, Status.CLOSED))
    delivered(35)

    points = curve(histories(now=NOW), lambda history: history.to_pull_request, now=NOW)

    # Three at risk, one done; one leaves at 20 s; of the one that is left, it is done at 30 s.
    assert [(point.seconds, round(point.share, 3), point.at_risk) for point in points] == [
        (0.0, 1.0, 3),
        (10.0, 0.667, 3),
        (30.0, 0.0, 1),
    ]


def test_the_command_writes_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = delivered(105, service=ServiceFactory(name="orders"))

    call_command("measure_mttr", format="table")
    assert "service orders" in capsys.readouterr().out

    for name in ("json", "csv", "html"):
        call_command("measure_mttr", format=name, output=tmp_path / name)
    document = json.loads((tmp_path / "json").read_text())
    [line] = csv.DictReader(io.StringIO((tmp_path / "csv").read_text()))
    page = (tmp_path / "html").read_text()
    assert document["incidents"][0]["incident"] == row.pk
    assert line["to_pull_request_ms"] == "100000"
    parts = ("queue", "model", "tools", "sandbox", "people", "parked")
    assert sum(int(line[f"{name}_ms"]) for name in parts) == 100_000
    assert "<polyline" in page
    assert "http" not in page.replace("http-equiv", "")


def test_only_what_was_asked_for_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    delivered(105, service=ServiceFactory(name="orders"))
    delivered(105, service=ServiceFactory(name="carts"), first_seen_at=START - timedelta(days=300))

    assert len(histories(service="orders", now=NOW)) == 1
    assert len(histories(since=START - timedelta(days=1), now=NOW)) == 1
    with pytest.raises(CommandError, match="no service 'order'; there are: carts, orders"):
        call_command("measure_mttr", service="order")


def test_false_positives_are_a_share_of_what_people_have_looked_at() -> None:
    relabelled = delivered(105, classification=Classification.NOISE)
    GoldenCase.objects.create(
        incident=relabelled,
        material={},
        was_classification=Classification.REAL,
        classification=Classification.NOISE,
        provenance="admin",
        labelled_at=START,
    )
    PullRequestFactory(incident=delivered(105), state=PullRequestState.MERGED)
    PullRequestFactory(incident=delivered(105), state=PullRequestState.MERGED, is_merged_by_platform=True)
    delivered(105)

    found = false_positive_rate()

    assert (found.called_real, found.reviewed, found.false) == (4, 2, 1)
    assert (found.rate, found.reviewed_share) == (0.5, 0.5)
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high


def test_without_a_review_there_is_no_rate() -> None:
    delivered(105)

    found = false_positive_rate()

    assert (found.called_real, found.reviewed, found.rate, found.interval) == (1, 0, None, None)
