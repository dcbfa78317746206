"""Attempts after temporary faults: how many, how late, and when none."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from core.errors import PlatformError, Unavailable
from core.resilience import retry
from core.resilience.breaker import BreakerOpen
from core.resilience.retry import retried, retry_after_seconds


class Failing:
    """Raises `errors` one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replaces the sleeping between attempts by noting how long it would be."""
    found: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", found.append)
    return found


def unavailable(seconds: float | None = None) -> Unavailable:
    return Unavailable("anthropic", "overloaded", retry_after_seconds=seconds)


def test_a_call_is_tried_three_times(pauses: list[float]) -> None:
    call = Failing(unavailable(), unavailable())

    assert retried(call) == "answer"
    assert call.calls == 3

    with pytest.raises(Unavailable, match="overloaded"):
        retried(Failing(*[unavailable()] * 3))


def test_the_pause_that_was_asked_for_is_kept_to_the_second(pauses: list[float]) -> None:
    assert retried(Failing(unavailable(7), unavailable(0))) == "answer"
    assert pauses == [7, 0]


@pytest.mark.parametrize(
    "error",
    [
        unavailable(retry.LONGEST_WAIT_SECONDS + 1),
        BreakerOpen("anthropic", "left alone"),
        PlatformError("refused"),
    ],
)
def test_a_long_pause_an_open_breaker_and_a_refusal_are_raised_at_once(
    pauses: list[float], error: PlatformError
) -> None:
    call = Failing(error)

    with pytest.raises(type(error)):
        retried(call)

    assert (call.calls, pauses) == (1, [])


def test_a_retry_after_header_is_read_in_both_its_forms() -> None:
    in_a_minute = format_datetime(timezone.now() + timedelta(seconds=60), usegmt=True)

    assert retry_after_seconds("1.5") == 1.5
    assert 57 < (retry_after_seconds(in_a_minute) or 0) <= 60
    assert retry_after_seconds("Wed, 01 Jan 2020 00:00:00 GMT") == 0
    assert [retry_after_seconds(value) for value in (None, "", "soon")] == [None, None, None]
