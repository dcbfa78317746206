"""What people see of a running agent: everything in the end, seldom, and no secret, not even half of one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
import redis
from django.utils import timezone

from agents.runtime.tests.scripted import read, says, submit, text
from core.broadcast import AgentActivity
from core.shared_store import ONCE
from incidents.choices import Stage
from incidents.models import StageRun
from incidents.tests.factories import IncidentFactory
from pipeline import live_activity
from pipeline.live_activity import PAUSE_SECONDS, LiveActivity

pytestmark = pytest.mark.django_db

SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, AgentActivity]]:
    found: list[tuple[float, AgentActivity]] = []
    monkeypatch.setattr(
        live_activity, "broadcast_activity", lambda message: found.append((time.monotonic(), message))
    )
    return found


@pytest.fixture
def run() -> StageRun:
    return StageRun.objects.create(
        incident=IncidentFactory.create(), stage=Stage.DIAGNOSIS, started_at=timezone.now()
    )


@contextmanager
def speaking(activity: LiveActivity, words: str, *, seconds: float) -> Iterator[None]:
    """Say `words` letter by letter over about `seconds`."""
    with activity.model_call() as call:
        for end in range(1, len(words) + 1):
            call.text(words[:end])
            time.sleep(seconds / len(words))
        yield


def last_after_pause(sent: list[tuple[float, AgentActivity]]) -> AgentActivity:
    time.sleep(PAUSE_SECONDS * 2.5)
    return sent[-1][1]


def test_words_and_tool_calls_come_at_most_five_times_a_second_and_the_last_word_is_told(
    run: StageRun, sent: list[tuple[float, AgentActivity]]
) -> None:
    activity = LiveActivity(run, next_step=run.steps.count)
    reply = says(text("I read the file."), read("a.js"), read("none.js"))

    with speaking(activity, "I read the file. " * 20, seconds=1):
        activity.replied(reply)
    with activity.tool_call(name="read_file", arguments={"path": "a.js"}) as call:
        call.answered("let a = 1;", is_error=False)
    with activity.tool_call(name="read_file", arguments={"path": "none.js"}) as call:
        call.answered("there is no such file", is_error=True)

    last = last_after_pause(sent)
    assert last["text"] == "I read the file."
    assert [(tool["arguments"], tool["state"]) for tool in last["tools"]] == [
        ('{"path": "a.js"}', "done"),
        ('{"path": "none.js"}', "failed"),
    ]
    assert (last["incident_id"], last["stage"], last["step"]) == (run.incident_id, "diagnosis", 0)
    assert 3 <= len(sent) <= 9
    pauses = [later[0] - earlier[0] for earlier, later in pairwise(sent)]
    assert min(pauses) > PAUSE_SECONDS * 0.9


def test_two_candidates_of_one_incident_share_the_five(
    run: StageRun, sent: list[tuple[float, AgentActivity]]
) -> None:
    first, second = LiveActivity(run, next_step=run.steps.count), LiveActivity(run, next_step=run.steps.count)
    began = time.monotonic()

    while time.monotonic() - began < 1:
        first.text("one ")
        second.text("two ")
        time.sleep(0.01)

    assert len(sent) <= 6


def test_a_secret_is_never_shown_while_it_comes(
    run: StageRun, sent: list[tuple[float, AgentActivity]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_activity, "PAUSE_SECONDS", 0.001)
    activity = LiveActivity(run, next_step=run.steps.count)

    with speaking(activity, f"The key {SECRET} is in the file.", seconds=0.3):
        activity.replied(says(text(f"The key {SECRET}"), submit(function=SECRET)))

    last = last_after_pause(sent)
    assert last["text"] == "The key [redacted:github-token]"
    assert len(sent) > 10
    assert not [message for _, message in sent if "ghp_" in str(message)]


def test_without_redis_an_agent_is_not_held_up(run: StageRun, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis(unix_socket_path="/nowhere.sock", retry=ONCE)
    monkeypatch.setattr(live_activity, "shared_store", lambda: nowhere)
    monkeypatch.setattr(live_activity, "broadcast_activity", lambda _message: None)
    began = time.monotonic()

    with speaking(LiveActivity(run, next_step=run.steps.count), "a few words ", seconds=0.01):
        pass

    assert time.monotonic() - began < 1
