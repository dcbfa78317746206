"""What a soak makes of its samples; the soak itself is a command."""

import pytest

from config.chaos.soak import Row, Soaked, rows_of

SECONDS = 90.0


def test_the_second_third_is_compared_with_the_last_and_the_first_is_left_out() -> None:
    samples = [(at, {"web": mib}) for at, mib in ((1.0, 900.0), (29, 900), (31, 100), (59, 102), (61, 103))]

    assert rows_of(samples, SECONDS) == [Row("web", second=101.0, last=103)]


def test_one_sample_that_stands_out_changes_nothing() -> None:
    samples = [(at, {"web": 5000.0 if at == 75 else 100.0}) for at in range(90)]

    [row] = rows_of(samples, SECONDS)

    assert row.growth == 0


@pytest.mark.parametrize(
    ("name", "second", "last", "is_flat"),
    [
        ("worker", 100, 105, True),
        ("worker", 100, 106, False),
        ("worker", 100, 50, True),
        ("worker", 100, 0, False),
        ("redis connections", 10, 11, True),
        ("redis connections", 10, 12, False),
        ("postgres connections", 100, 105, True),
        ("postgres connections", 100, 106, False),
    ],
)
def test_memory_may_grow_by_a_twentieth_and_connections_by_one(
    name: str, second: float, last: float, is_flat: bool
) -> None:
    assert Row(name, second, last).is_flat is is_flat


def test_a_process_that_was_never_seen_in_the_second_third_is_not_flat() -> None:
    [row] = rows_of([(70.0, {"beat": 80.0})], SECONDS)

    assert not row.is_flat


def test_a_lost_alarm_is_no_good_soak_however_flat_it_was() -> None:
    assert Soaked(SECONDS, rows=[Row("web", 1, 1)]).is_well
    assert not Soaked(SECONDS, rows=[Row("web", 1, 1)], problems=["lost"]).is_well
    assert not Soaked(SECONDS, rows=[Row("web", 1, 2)]).is_well
