"""The simulation of queues and workers agrees with what can be reckoned by hand."""

import pytest

from scripts.simulate import Load, load_for, replayed, simulated

TIMES = {"triage": [1.0], "diagnosis": [4.0], "fix": [3.0], "review": [2.0], "prepare": [2.0], "trial": [10.0]}


def test_an_incident_alone_takes_the_sum_of_what_it_waits_for() -> None:
    found = simulated(TIMES, Load(agents=8, sandboxes=2, share=1.0), 10)

    assert found["median_seconds"] == pytest.approx(1 + 4 + 3 + 10 + 2)


def test_a_pool_is_as_busy_as_the_work_that_comes_to_it() -> None:
    # 12 seconds of sandbox each, 3,600 a day: half of one of the day's 86,400 seconds.
    found = simulated(TIMES, Load(agents=8, sandboxes=1, share=1.0), 3_600)

    assert found["sandbox_busy"] == pytest.approx(0.5, abs=0.05)


def test_more_than_a_pool_can_do_waits_longer_and_longer_and_a_second_worker_ends_that() -> None:
    one = simulated(TIMES, Load(agents=8, sandboxes=1, share=1.0), 10_000)
    three = simulated(TIMES, Load(agents=8, sandboxes=3, share=1.0), 10_000)

    assert one["median_seconds"] > 10 * three["median_seconds"]
    assert three["incidents_a_day"] == pytest.approx(10_000, rel=0.05)


def test_incidents_that_arrive_together_take_turns_in_a_pool_of_one() -> None:
    took = replayed({"trial": [10.0]}, Load(agents=8, sandboxes=1, share=1.0), [0.0, 0.0, 0.0])

    assert took == pytest.approx([10, 20, 30])


def test_a_load_gets_the_threads_that_it_needs_and_keeps_those_that_it_has() -> None:
    # 10 seconds of agents and 12 of sandbox each, 4 incidents a minute: 0.67 and 0.8 threads at work.
    base = Load(agents=8, sandboxes=1, share=1.0)

    assert load_for(TIMES, base, 5_760) == base
    assert load_for(TIMES, base, 57_600) == Load(agents=9, sandboxes=10, share=1.0)
