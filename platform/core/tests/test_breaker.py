"""The circuit breaker on a real Redis: what opens it, who may try, what closes it, and who may reset it."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis
from django.conf import settings

from core.errors import PlatformError, Unavailable
from core.resilience import breaker
from core.resilience.breaker import (
    BreakerOpen,
    BreakerState,
    UnknownBreaker,
    breaker_reset,
    breaker_states,
    guarded,
    systems_not_closed,
)
from core.shared_store import ONCE

OPEN_SECONDS = 0.3


@pytest.fixture(autouse=True)
def short_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"breaker_failures": 3, "breaker_open_seconds": OPEN_SECONDS}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=short))


def fails(*, retry_after_seconds: float | None = None, system: str = "anthropic") -> None:
    with pytest.raises(Unavailable) as caught, guarded("anthropic"):
        raise Unavailable(system, "overloaded, password=hunter22", retry_after_seconds=retry_after_seconds)
    assert not isinstance(caught.value, BreakerOpen)


def succeeds() -> None:
    with guarded("anthropic"):
        pass


def is_held_back(call: Callable[[], None] = succeeds) -> bool:
    try:
        call()
    except BreakerOpen:
        return True
    return False


def state() -> BreakerState:
    return next(found for found in breaker_states() if found.name == "anthropic")


def test_failures_in_a_row_open_it_and_nothing_is_sent_any_more() -> None:
    for _ in range(2):
        fails()
    assert state().state == "closed"

    fails()

    with pytest.raises(BreakerOpen, match="overloaded") as caught, guarded("anthropic"):
        raise AssertionError("this call was let through")
    assert caught.value.system == "anthropic"
    assert 0 < (caught.value.retry_after_seconds or 0) <= OPEN_SECONDS
    assert (state().state, state().failures) == ("open", 3)
    assert "hunter22" not in state().reason
    assert systems_not_closed() == {"anthropic": False}


def test_a_success_between_failures_starts_the_count_again() -> None:
    for _ in range(3):
        fails()
        succeeds()
        fails()
        succeeds()

    assert state() == BreakerState("anthropic", "closed")


@pytest.mark.parametrize("error", [PlatformError("refused"), Unavailable("sandbox", "gone")])
def test_an_answer_that_refuses_is_no_failure(error: PlatformError) -> None:
    for _ in range(5):
        with pytest.raises(PlatformError), guarded("anthropic"):
            raise error

    assert state().state == "closed"


def test_one_of_many_finds_out_and_its_success_lets_all_through() -> None:
    for _ in range(3):
        fails()
    time.sleep(OPEN_SECONDS + 0.05)
    assert state().state == "half_open"
    assert systems_not_closed() == {"anthropic": True}
    together = Barrier(6)
    admitted: list[int] = []

    def tries(number: int) -> bool:
        together.wait()
        try:
            with guarded("anthropic"):
                admitted.append(number)
                time.sleep(0.2)
        except BreakerOpen:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(tries, range(6)))

    assert outcomes.count(True) == len(admitted) == 1
    assert not is_held_back()
    assert state().state == "closed"


def test_a_failed_trial_opens_it_for_twice_as_long() -> None:
    for _ in range(3):
        fails()
    time.sleep(OPEN_SECONDS + 0.05)

    fails()

    time.sleep(OPEN_SECONDS + 0.05)
    assert is_held_back()
    time.sleep(OPEN_SECONDS)
    assert not is_held_back()


def test_a_trial_whose_worker_died_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "TRIAL_SECONDS", 0.2)
    for _ in range(3):
        fails()
    time.sleep(OPEN_SECONDS + 0.05)

    class Killed(BaseException):
        pass

    with pytest.raises(Killed), guarded("anthropic"):
        raise Killed
    assert is_held_back()

    time.sleep(0.25)
    assert not is_held_back()


def test_a_call_that_was_under_way_when_it_opened_changes_nothing() -> None:
    with guarded("anthropic"), ThreadPoolExecutor(1) as pool:  # another thread is another guard
        for _ in range(3):
            pool.submit(fails).result()
    assert state().state == "open"


def test_a_long_pause_that_the_system_asks_for_is_kept_by_all() -> None:
    fails(retry_after_seconds=40)

    assert state().state == "open"
    retry_at, opened_at = state().retry_at, state().opened_at
    assert retry_at is not None
    assert opened_at is not None
    assert 39 < (retry_at - opened_at).total_seconds() <= 40


def test_a_guard_within_a_guard_counts_once() -> None:
    for _ in range(2):
        with pytest.raises(Unavailable), guarded("anthropic"), guarded("anthropic"):
            raise Unavailable("anthropic", "overloaded")

    assert state().failures == 2


def test_a_person_closes_it_by_hand() -> None:
    for _ in range(3):
        fails()

    breaker_reset("anthropic", "user:ada")

    assert not is_held_back()
    with pytest.raises(UnknownBreaker, match="anthropic, github"):
        breaker_reset("antropic", "user:ada")


def _is_held_back_in_a_process(url: str) -> bool:
    settings.REDIS_URL = url
    return is_held_back()


def test_every_process_sees_the_same_state() -> None:
    fails(retry_after_seconds=60)

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_is_held_back_in_a_process, [settings.REDIS_URL])


def test_without_redis_calls_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(unix_socket_path="/nowhere.sock", retry=ONCE)
    monkeypatch.setattr(breaker, "shared_store", lambda: nowhere)

    for _ in range(5):
        fails()

    assert not is_held_back()
    assert systems_not_closed() == {}
