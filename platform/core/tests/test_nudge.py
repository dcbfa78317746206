"""The first ring is a nudge at once, many in a short time are one after the last of them, and none is lost."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from core.nudge import Bell, nudge_now

pytestmark = pytest.mark.django_db(transaction=True)

QUIET_SECONDS = 0.05


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr("core.nudge.current_app.send_task", lambda name, args, retry: names.append(name))
    return names


@pytest.fixture
def bell() -> Bell:
    return Bell("a.task", quiet_seconds=QUIET_SECONDS)


def soon(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def test_many_rings_at_once_are_a_nudge_for_the_first_and_one_for_all_others(bell: Bell, sent: list[str]) -> None:
    threads = [threading.Thread(target=bell.ring) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bell.ring()

    time.sleep(3 * QUIET_SECONDS)
    assert 1 <= len(sent) <= 2


def test_a_single_ring_waits_for_nothing(sent: list[str]) -> None:
    Bell("a.task", quiet_seconds=600).ring()

    assert soon(lambda: sent == ["a.task"])


def test_a_ring_soon_after_a_nudge_waits_until_it_was_quiet(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    sent_at: list[float] = []
    monkeypatch.setattr(
        "core.nudge.current_app.send_task", lambda name, args, retry: sent_at.append(time.monotonic())
    )
    bell.ring()
    assert soon(lambda: len(sent_at) == 1)

    bell.ring()
    bell.ring()

    assert soon(lambda: len(sent_at) == 2)
    assert sent_at[1] - sent_at[0] >= QUIET_SECONDS / 2
    time.sleep(2 * QUIET_SECONDS)
    assert len(sent_at) == 2


def test_a_ring_after_the_nudge_is_another_nudge(bell: Bell, sent: list[str]) -> None:
    bell.ring()
    assert soon(lambda: len(sent) == 1)

    bell.ring()

    assert soon(lambda: len(sent) == 2)


def test_a_ring_counts_from_its_commit_and_not_at_all_when_rolled_back(bell: Bell, sent: list[str]) -> None:
    with transaction.atomic():
        bell.ring()
        time.sleep(2 * QUIET_SECONDS)
        assert sent == []
    assert soon(lambda: sent == ["a.task"])

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        bell.ring()
        _ = 1 / 0
    time.sleep(2 * QUIET_SECONDS)
    assert sent == ["a.task"]


def test_a_broker_that_is_away_does_not_silence_the_bell(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def away(name: str, args: object, retry: bool) -> None:
        tried.append(name)
        raise OperationalError("connection refused")

    monkeypatch.setattr("core.nudge.current_app.send_task", away)
    bell.ring()
    assert soon(lambda: len(tried) == 1)

    bell.ring()

    assert soon(lambda: len(tried) == 2)


def test_a_process_that_had_no_thread_left_rings_again_later(
    bell: Bell, sent: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(_timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Timer, "start", none_left)
        with transaction.atomic():
            bell.ring()
    assert "can't start new thread" in caplog.text

    bell.ring()

    assert soon(lambda: sent == ["a.task"])


@pytest.mark.parametrize("is_up", [True, False])
def test_a_nudge_at_once_tells_whether_it_was_sent(monkeypatch: pytest.MonkeyPatch, is_up: bool) -> None:
    def send(name: str, args: object, retry: bool) -> None:
        if not is_up:
            raise OperationalError("connection refused")

    monkeypatch.setattr("core.nudge.current_app.send_task", send)

    assert nudge_now("a.task", 1) is is_up
