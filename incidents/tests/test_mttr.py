"""How long incidents take, from the rows that a real run writes."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from incidents.choices import Classification, PullRequestState, Severity, Stage, StageStatus, Status
from incidents.false_positives import false_positive_rate
from incidents.held_times import Entry, full_times
from incidents.models import GoldenCase, Incident, Pause, StageRun, Transition
from incidents.mttr import agents_and_people, curve, histories, summary
from incidents.mttr_report import INCIDENT_FIELDS
from incidents.tests.factories import IncidentFactory, PullRequestFactory, ServiceFactory
from incidents.timing import time_to_pull_request

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


def test_exactly_half_is_the_median_however_fractions_round() -> None:
    for number in range(24):
        if number < 12:
            delivered(15 + number)
        else:
            incident((5, Status.OPEN), (6, Status.TRIAGING))

    found = summary("pull request", histories(now=NOW), lambda history: history.to_pull_request)

    assert found.median_with_censored == 21


def test_the_same_columns_are_written_for_nothing_and_for_something(tmp_path: Path) -> None:
    call_command("measure_mttr", format="csv", output=tmp_path / "empty.csv")
    delivered(105)
    call_command("measure_mttr", format="csv", output=tmp_path / "one.csv")

    empty, [one] = ((tmp_path / name).read_text().splitlines()[1:] for name in ("empty.csv", "one.csv"))
    heads = {(tmp_path / name).read_text().splitlines()[0] for name in ("empty.csv", "one.csv")}
    assert (empty, len(heads), one.count(",")) == ([], 1, len(INCIDENT_FIELDS) - 1)


def test_each_summary_for_machines_says_what_it_is_of(tmp_path: Path) -> None:
    delivered(105)

    call_command("measure_mttr", format="json", output=tmp_path / "report.json")

    document = json.loads((tmp_path / "report.json").read_text())
    assert [found["name"] for found in document["summaries"]] == [
        "first pull request",
        "first pull request, from the alarm's change",
        "merge",
        "resolved",
    ]


@pytest.mark.parametrize("since", ["9999999d", "yesterday", "²d", ""])
def test_a_time_that_cannot_be_read_is_refused_with_those_that_can(since: str) -> None:
    with pytest.raises(CommandError, match="is no date"):
        call_command("measure_mttr", f"--since={since}")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no folder .*absent to write times.csv to"):
        call_command("measure_mttr", format="csv", output=tmp_path / "absent" / "times.csv")


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


def test_waiting_for_the_hour_of_the_service_is_parked_until_the_limit_allows() -> None:
    service = ServiceFactory(incidents_per_hour=2)
    for seconds in (5, 605):
        incident((0, Status.OPEN), (seconds, Status.TRIAGING), (seconds + 60, Status.CLOSED), service=service)
    # The third comes when two have entered, and may enter an hour after the first did.
    incident((700, Status.OPEN), (3625, Status.TRIAGING), (3685, Status.PR_OPEN), service=service)
    incident((700, Status.OPEN), (3625, Status.TRIAGING), (3685, Status.PR_OPEN))

    *_, held, free = histories(now=NOW)

    assert (held.parts.parked, held.parts.queue) == (timedelta(seconds=2905), timedelta(seconds=80))
    assert (free.parts.parked, free.parts.queue) == (timedelta(0), timedelta(seconds=2985))
    assert held.parts.total == free.parts.total == timedelta(seconds=2985)


def test_a_pause_is_parked_time_of_every_incident_that_it_held() -> None:
    Pause.objects.create(
        reason="a release",
        started_by="user:ada",
        started_at=START + timedelta(seconds=20),
        ended_at=START + timedelta(seconds=80),
    )
    delivered(105)

    [history] = histories(now=NOW)

    assert (history.parts.parked, history.parts.queue) == (timedelta(seconds=60), timedelta(seconds=40))


@given(st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 6)), max_size=30), st.integers(1, 5))
def test_a_service_is_full_exactly_while_its_limit_of_incidents_entered_within_the_hour(
    entered: list[tuple[int, int]], limit: int
) -> None:
    entries = [Entry(START + timedelta(seconds=seconds), number) for seconds, number in entered]

    found = full_times(entries, limit)

    for seconds in {second + shift for second, _ in entered for shift in (-1, 0, 1, 3599, 3600)}:
        moment = START + timedelta(seconds=seconds)
        within = {entry.incident_id for entry in entries if entry.at <= moment < entry.at + timedelta(hours=1)}
        assert any(hold.start <= moment < hold.end for hold in found) == (len(within) >= limit)


def test_agents_and_people_are_compared_by_when_the_trouble_was_over() -> None:
    incident((5, Status.OPEN), (65, Status.PR_OPEN), (85, Status.MONITORING), (105, Status.RESOLVED))
    incident((5, Status.OPEN), (65, Status.PR_OPEN), (85, Status.REJECTED))
    incident((5, Status.OPEN), (25, Status.NEEDS_HUMAN), (305, Status.RESOLVED))
    by_hand = incident((5, Status.OPEN), (505, Status.CLOSED))
    Transition.objects.filter(incident=by_hand, target=Status.CLOSED).update(actor="user:ada")
    incident((5, Status.OPEN), (45, Status.RESOLVED))
    incident((5, Status.OPEN), (45, Status.TRIAGING))

    found = histories(now=NOW)
    agents, people = agents_and_people(found)

    assert [history.handled_by for history in found] == [
        "agents",
        "agents",
        "people",
        "people",
        "nobody",
        "nobody",
    ]
    assert (agents.handler, agents.to_end.count, agents.to_end.censored, agents.to_end.mean) == (
        "agents",
        1,
        1,
        100,
    )
    assert (people.handler, people.to_end.count, people.to_end.censored, people.to_end.mean) == (
        "people",
        2,
        0,
        400,
    )


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


def test_the_curve_of_twenty_thousand_incidents_takes_a_moment() -> None:
    # By looking through all of them for each it would be minutes, which the runner's time-out ends.
    delivered(100)
    [one] = histories(now=NOW)
    many = [replace(one, pull_request_at=START + timedelta(seconds=number)) for number in range(10, 20_010)]

    points = curve(many, lambda history: history.to_pull_request, now=NOW)

    assert (len(points), points[-1].at_risk) == (20_001, 1)


def test_nobodys_time_is_negative_where_the_clocks_of_two_hosts_differ() -> None:
    row = incident((5, Status.OPEN), (40, Status.AWAITING_APPROVAL), (39, Status.OPENING_PR), (60, Status.PR_OPEN))

    time = time_to_pull_request(row)

    assert time is not None
    assert (time.total, time.agents, time.people) == (timedelta(seconds=55), timedelta(seconds=55), timedelta(0))
