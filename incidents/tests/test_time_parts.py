"""Whose time it was: parts that add up, whatever happened."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.choices import Stage, StageStatus, Status
from incidents.lifecycle import TRANSITIONS
from incidents.time_parts import PART_NAMES, Hold, Move, Parts, Work, milliseconds, ordered, split

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def moves(*steps: tuple[float, str]) -> list[Move]:
    found: list[Move] = []
    for seconds, target in steps:
        found.append(Move(found[-1].target if found else "", target, at(seconds)))
    return found


def work(stage: str, start: float, end: float | None, **fields: object) -> Work:
    status = StageStatus.RUNNING if end is None else StageStatus.SUCCEEDED
    given_fields = {"status": status, **fields}
    return Work(stage=stage, started_at=at(start), ended_at=None if end is None else at(end), **given_fields)  # type: ignore[arg-type]


def parts_of(
    found: list[Move], works: list[Work], *, end: float, holds: list[tuple[float, float]] | None = None
) -> dict[str, float]:
    held = [Hold(at(start), at(stop)) for start, stop in holds or []]
    parts = split(ordered(found), works, start=START, end=at(end), holds=held)
    return {name: seconds for name in PART_NAMES if (seconds := getattr(parts, name).total_seconds())}


def test_an_agent_s_time_is_its_model_s_and_its_tools_and_the_rest_is_the_queue_s() -> None:
    story = moves((0, Status.OPEN), (2, Status.TRIAGING))
    triage = work(Stage.TRIAGE, 3, 13, model_seconds=6.0, tool_seconds=3.0)

    assert parts_of(story, [triage], end=14) == {"queue": 5.0, "model": 6.0, "tools": 3.0}


def test_where_nobody_measured_an_agent_s_time_is_its_model_s() -> None:
    assert parts_of(moves((0, Status.TRIAGING)), [work(Stage.TRIAGE, 0, 10)], end=10) == {"model": 10.0}


def test_an_agent_that_thinks_beside_the_sandbox_counts_first() -> None:
    works = [work(Stage.PREPARE, 0, 30), work(Stage.DIAGNOSIS, 10, 20), work(Stage.LOGS, 0, 40)]

    assert parts_of(moves((0, Status.DIAGNOSING)), works, end=40) == {
        "model": 10.0,
        "sandbox": 20.0,
        "tools": 10.0,
    }


def test_waiting_for_a_decision_is_people_s_time_even_while_something_runs() -> None:
    story = moves((0, Status.REVIEWING), (10, Status.AWAITING_APPROVAL), (70, Status.OPENING_PR))

    assert parts_of(story, [work(Stage.PREPARE, 0, 100)], end=80) == {"people": 60.0, "sandbox": 20.0}


def test_an_outside_system_that_is_away_parks_the_incident() -> None:
    story = moves((0, Status.OPEN), (0, Status.TRIAGING), (10, Status.OPEN), (100, Status.TRIAGING))
    works = [work(Stage.TRIAGE, 0, 10), work(Stage.TRIAGE, 100, 110)]

    assert parts_of(story, works, end=110) == {"model": 20.0, "parked": 90.0}


def test_a_person_who_resumes_does_not_park_it() -> None:
    story = moves((0, Status.NEEDS_HUMAN), (10, Status.OPEN), (15, Status.TRIAGING))

    assert parts_of(story, [], end=20) == {"people": 10.0, "queue": 10.0}


def test_a_budget_that_is_used_up_parks_it_and_another_failure_is_people_s() -> None:
    story = moves((0, Status.DIAGNOSING), (10, Status.NEEDS_HUMAN), (50, Status.OPEN))
    failed = {"status": StageStatus.FAILED}

    broke = work(Stage.DIAGNOSIS, 0, 10, exit_reason="BudgetExceeded", **failed)
    refused = work(Stage.DIAGNOSIS, 0, 10, exit_reason="GroundingRefused", **failed)

    assert parts_of(story, [broke], end=50) == {"model": 10.0, "parked": 40.0}
    assert parts_of(story, [refused], end=50) == {"model": 10.0, "people": 40.0}


def test_a_pause_parks_what_stands_still_and_not_what_was_begun_before_it() -> None:
    story = moves((0, Status.OPEN), (5, Status.TRIAGING), (40, Status.DIAGNOSING))
    triage = work(Stage.TRIAGE, 6, 20)

    assert parts_of(story, [triage], end=40, holds=[(10, 35)]) == {"queue": 11.0, "model": 14.0, "parked": 15.0}


def test_a_pause_takes_nothing_from_people() -> None:
    story = moves((0, Status.NEEDS_HUMAN), (30, Status.OPEN))

    assert parts_of(story, [], end=50, holds=[(10, 40)]) == {"people": 30.0, "parked": 10.0, "queue": 10.0}


def test_two_holds_at_once_are_one_wait() -> None:
    assert parts_of(moves((0, Status.OPEN)), [], end=30, holds=[(5, 20), (10, 25)]) == {
        "queue": 10.0,
        "parked": 20.0,
    }


def test_a_clock_that_is_behind_takes_no_time_back() -> None:
    story = ordered(moves((10, Status.OPEN), (4, Status.TRIAGING), (12, Status.DIAGNOSING)))

    assert [move.at for move in story] == [at(10), at(10), at(12)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Move], list[Work], list[Hold], datetime]:
    """Any walk through the table of transitions with any runs and holds beside it, in microseconds."""
    spans = st.integers(0, 10**10)
    status, now = Status.OPEN, 0
    story = [Move("", status, START)]
    for _ in range(draw(st.integers(0, 12))):
        choices = sorted(TRANSITIONS[status])
        if not choices:
            break
        target = draw(st.sampled_from(choices))
        now += draw(spans)
        story.append(Move(status, target, START + timedelta(microseconds=now)))
        status = target
    works = []
    for _ in range(draw(st.integers(0, 8))):
        begin, length = draw(spans), draw(spans)
        is_over = draw(st.booleans())
        begin_at = START + timedelta(microseconds=begin)
        works.append(
            Work(
                stage=draw(st.sampled_from(list(Stage))),
                status=draw(st.sampled_from(list(StageStatus))) if is_over else StageStatus.RUNNING,
                started_at=begin_at,
                ended_at=begin_at + timedelta(microseconds=length) if is_over else None,
                model_seconds=draw(st.floats(0, 10**5)),
                tool_seconds=draw(st.floats(0, 10**5)),
                exit_reason=draw(st.sampled_from(["", "BudgetExceeded", "InvalidOutput"])),
            )
        )
    holds = []
    for begin, length in draw(st.lists(st.tuples(spans, spans), max_size=4)):
        begin_at = START + timedelta(microseconds=begin)
        holds.append(Hold(begin_at, begin_at + timedelta(microseconds=length)))
    return story, works, holds, START + timedelta(microseconds=now + draw(spans))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_for_any_history_the_parts_add_up_to_the_total_exactly(
    history: tuple[list[Move], list[Work], list[Hold], datetime],
) -> None:
    story, works, holds, end = history

    parts = split(ordered(story), works, start=START, end=end, holds=holds)

    assert parts.total == end - START
    assert min(getattr(parts, name) for name in PART_NAMES) >= timedelta(0)
    assert sum(milliseconds(parts).values()) == (end - START) // timedelta(milliseconds=1)


@given(st.lists(st.integers(0, 10**12), min_size=6, max_size=6))
def test_milliseconds_are_each_within_one_of_the_truth(counts: list[int]) -> None:
    parts = Parts(*(timedelta(microseconds=count) for count in counts))

    for name, whole in milliseconds(parts).items():
        exact = getattr(parts, name) / timedelta(milliseconds=1)
        assert abs(whole - exact) < 1
