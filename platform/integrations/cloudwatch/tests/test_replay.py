"""How often an alarm would have gone off: the tables of the user guide, and what holds for all datapoints."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.cloudwatch.replay import BREACHES, Firing, counts, firings, replay_check, values
from integrations.cloudwatch.tests.production import planned

RETAINED = "retained"
START = datetime(2026, 11, 1, tzinfo=UTC)
PERIOD = timedelta(minutes=5)

# From "How alarm state is evaluated when data is missing" (CloudWatch user guide), three evaluation periods.
# 0 does not breach, X does, - is missing. Columns: missing, ignore, breaching, notBreaching.
GUIDE = [
    (3, "0-X-X", ("OK", "OK", "OK", "OK")),
    (3, "0----", ("OK", "OK", "OK", "OK")),
    (3, "-----", ("OK", RETAINED, "ALARM", "OK")),  # "missing": INSUFFICIENT_DATA, which notifies nobody
    (3, "0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (3, "--X--", ("ALARM", RETAINED, "ALARM", "OK")),
    (2, "0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "0-X--", ("OK", "OK", "ALARM", "OK")),
    (2, "----0", ("OK", "OK", "ALARM", "OK")),
    (2, "---X-", ("ALARM", RETAINED, "ALARM", "OK")),
]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def series(drawn: str) -> list[float | None]:
    return [{"0": 0.0, "X": 9.0, "-": None}[sign] for sign in drawn]


def is_alarm_after(drawn: str, *, evaluation_periods: int, datapoints_to_alarm: int, treatment: str) -> bool:
    """Return whether the last datapoint of `drawn` leaves the alarm in ALARM."""
    found = firings(series(drawn), 1, "GreaterThanThreshold", evaluation_periods, datapoints_to_alarm, treatment)
    return bool(found) and sum(found[-1]) == len(drawn)


@pytest.mark.parametrize("before", ["00000", "XXXXX"])
@pytest.mark.parametrize(("column", "treatment"), list(enumerate(TREATMENTS)))
@pytest.mark.parametrize(("datapoints_to_alarm", "drawn", "states"), GUIDE)
def test_each_row_of_the_user_guide_ends_as_it_says(
    before: str, column: int, treatment: str, datapoints_to_alarm: int, drawn: str, states: tuple[str, ...]
) -> None:
    state = states[column]
    was_alarm = before == "XXXXX"
    # The state from before stays, and nothing that was measured then is within reach any more.
    history = before + ("-----" if state == RETAINED else "")

    found = is_alarm_after(
        history + drawn,
        evaluation_periods=3,
        datapoints_to_alarm=datapoints_to_alarm,
        treatment=treatment,
    )

    assert found == (was_alarm if state == RETAINED else state == "ALARM")


def test_each_stay_in_alarm_is_told_with_its_length() -> None:
    found = firings(series("0XX00X0"), 1, "GreaterThanThreshold", 1, 1, "notBreaching")

    assert found == [Firing(1, 2), Firing(5, 1)]


def test_two_of_three_go_off_at_the_second_and_end_when_one_is_left() -> None:
    found = firings(series("0X0X000"), 1, "GreaterThanThreshold", 3, 2, "notBreaching")

    assert found == [Firing(3, 1)]


def test_nothing_is_decided_before_the_first_full_evaluation() -> None:
    assert firings(series("XX"), 1, "GreaterThanThreshold", 3, 1, "breaching") == []


def test_a_breach_after_silence_is_not_yet_the_two_that_were_asked_for() -> None:
    found = firings(series("-----X-"), 1, "GreaterThanThreshold", 3, 2, "missing")

    assert found == [Firing(6, 1)]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("GreaterThanThreshold", [Firing(2, 1)]),
        ("GreaterThanOrEqualToThreshold", [Firing(1, 2)]),
        ("LessThanThreshold", [Firing(0, 1)]),
        ("LessThanOrEqualToThreshold", [Firing(0, 2)]),
    ],
)
def test_each_operator_breaches_on_its_side(operator: str, expected: list[Firing]) -> None:
    assert firings([1, 2, 3], 2, operator, 1, 1, "notBreaching") == expected


DATAPOINTS = st.lists(st.none() | st.integers(-2, 4), max_size=60)
EVALUATIONS = st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))
OPERATORS = st.sampled_from(sorted(BREACHES))


def in_alarm(found: list[Firing]) -> set[int]:
    return {index for stay in found for index in range(stay.start, stay.start + stay.length)}


@given(DATAPOINTS, OPERATORS, EVALUATIONS, st.sampled_from(TREATMENTS))
def test_stays_are_in_order_apart_and_inside(
    datapoints: list[float | None], operator: str, evaluation: tuple[int, int], treatment: str
) -> None:
    found = firings(datapoints, 1, operator, *evaluation, treatment)

    assert all(stay.length > 0 for stay in found)
    assert all(one.start + one.length < other.start for one, other in pairwise(found))
    assert in_alarm(found) <= set(range(evaluation[0] - 1, len(datapoints)))


@given(st.lists(st.integers(-2, 4), max_size=60), OPERATORS, EVALUATIONS, st.sampled_from(TREATMENTS))
def test_without_gaps_it_is_m_of_the_last_n_however_gaps_are_treated(
    datapoints: list[float], operator: str, evaluation: tuple[int, int], treatment: str
) -> None:
    periods, wanted = evaluation
    breaching = [BREACHES[operator](value, 1) for value in datapoints]

    found = firings(datapoints, 1, operator, periods, wanted, treatment)

    assert in_alarm(found) == {
        now for now in range(periods - 1, len(datapoints)) if sum(breaching[now - periods + 1 : now + 1]) >= wanted
    }


@given(DATAPOINTS, EVALUATIONS)
def test_gaps_as_breaching_alarm_at_least_where_gaps_as_not_breaching_do(
    datapoints: list[float | None], evaluation: tuple[int, int]
) -> None:
    strict, lenient = (
        in_alarm(firings(datapoints, 1, "GreaterThanThreshold", *evaluation, treatment))
        for treatment in ("breaching", "notBreaching")
    )

    assert lenient <= strict


@given(DATAPOINTS, EVALUATIONS, st.integers(-2, 4), st.integers(0, 3))
def test_a_higher_threshold_is_never_longer_in_alarm(
    datapoints: list[float | None], evaluation: tuple[int, int], threshold: int, more: int
) -> None:
    low, high = (
        in_alarm(firings(datapoints, limit, "GreaterThanThreshold", *evaluation, "notBreaching"))
        for limit in (threshold, threshold + more)
    )

    assert high <= low


def test_events_are_counted_in_the_period_that_they_fall_into() -> None:
    times = [START - timedelta(seconds=1), START, START + PERIOD - timedelta(milliseconds=1), START + PERIOD * 2]

    assert counts(times, since=START, period=PERIOD, periods=2) == [2, 0]


def test_measurements_keep_their_gaps_and_need_not_be_aligned() -> None:
    measured = [(START + timedelta(seconds=17), 4.0), (START + PERIOD * 2 + timedelta(seconds=17), 6.0)]

    assert values(measured, since=START, period=PERIOD, periods=3) == [4.0, None, 6.0]


def days(*, firings_a_day: int, count: int = 14) -> list[float | None]:
    """Return days of five-minute counts, with as many single breaching ones in each."""
    day: list[float | None] = [0.0] * 288
    for number in range(firings_a_day):
        day[number * 20 + 5] = 1.0
    return day * count


@pytest.mark.parametrize(("firings_a_day", "is_quiet"), [(0, True), (1, True), (4, True), (5, False)])
def test_an_alarm_may_go_off_four_times_a_day(firings_a_day: int, is_quiet: bool) -> None:
    check = replay_check(planned(), days(firings_a_day=firings_a_day))

    assert check.ok == is_quiet
    assert f"gone off {14 * firings_a_day} times in the last 14 days" in check.detail
    assert ("Raise the threshold" in check.detail) == (not is_quiet)


def test_an_alarm_that_would_have_been_on_all_the_time_is_not_quiet_though_it_goes_off_once() -> None:
    check = replay_check(planned(), [5.0] * 4032)

    assert not check.ok
    assert "gone off 1 time in the last 14 days and been in alarm 100.0% of that time" in check.detail


def test_one_long_incident_does_not_make_an_alarm_noisy() -> None:
    assert replay_check(planned(), [0.0] * 3000 + [5.0] * 1032).ok


def test_a_table_that_is_silent_sets_nothing_off_though_the_alarm_asks_for_it() -> None:
    asked_for = {"treat_missing_data": "breaching", "metric_filter": None}

    assert replay_check(planned(namespace="AWS/DynamoDB", **asked_for), [None] * 4032).ok
    assert not replay_check(planned(**asked_for), [None] * 4032).ok
