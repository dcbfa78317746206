"""The conversation of a stage run: a row for each message when it happens, and what it cost."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agents.runtime.contract import Step, Usage
from agents.runtime.loop import run_agent
from agents.runtime.tests.scripted import brief, says, session, submit, text
from incidents.choices import Stage
from incidents.models import AgentStep, StageRun
from incidents.tests.factories import IncidentFactory
from pipeline.sessions import StageTranscript

pytestmark = pytest.mark.django_db

TASK = Step("user", [{"type": "text", "text": "Look at ünïcode \u2028 and \U0001f525"}])
REPLY = Step(
    "assistant",
    [
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "read_file",
            "input": {"path": "src/a.js", "lines": [1, 2.5]},
        },
    ],
    "tool_use",
    Usage(input_tokens=10, output_tokens=20, cache_write_tokens=300, cache_read_tokens=4000),
    Decimal("0.012345"),
    "claude-opus-4-6",
    seconds=2.5,
)
RESULT = Step(
    "user",
    [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "x", "is_error": False}],
    seconds=0.25,
)
LAST = Step(
    "assistant",
    [{"type": "text", "text": "done"}],
    "end_turn",
    Usage(input_tokens=1, output_tokens=2),
    Decimal("0.000055"),
    "claude-opus-4-6",
)


@pytest.fixture
def run() -> StageRun:
    return StageRun.objects.create(
        incident=IncidentFactory.create(), stage=Stage.DIAGNOSIS, started_at=timezone.now()
    )


def test_each_step_is_a_row_as_soon_as_it_happens(run: StageRun) -> None:
    transcript = StageTranscript(run)

    for number, step in enumerate([TASK, REPLY, RESULT]):
        transcript.append(step)
        assert AgentStep.objects.filter(stage_run=run, number=number, role=step.role).exists()

    assert AgentStep.objects.count() == 3


def test_tokens_and_cost_are_summed_in_the_run(run: StageRun) -> None:
    transcript = StageTranscript(run)

    for step in (TASK, REPLY, RESULT, LAST):
        transcript.append(step)

    run.refresh_from_db()
    assert (run.input_tokens, run.cached_input_tokens, run.output_tokens) == (4311, 4000, 22)
    assert run.cost_usd == Decimal("0.0124")
    assert run.model == "claude-opus-4-6"
    assert (run.model_seconds, run.tool_seconds) == (2.5, 0.25)


def test_what_was_written_is_read_back_exactly(run: StageRun) -> None:
    transcript = StageTranscript(run)
    written = [TASK, REPLY, RESULT, LAST]
    for step in written:
        transcript.append(step)

    assert transcript.steps() == written
    assert StageTranscript(StageRun.objects.get(pk=run.pk)).steps() == written


def test_a_worker_that_takes_over_goes_on_after_the_last_step(run: StageRun) -> None:
    StageTranscript(run).append(TASK)
    StageTranscript(StageRun.objects.get(pk=run.pk)).append(REPLY)

    assert list(run.steps.values_list("number", flat=True)) == [0, 1]
    assert StageTranscript(StageRun.objects.get(pk=run.pk)).steps() == [TASK, REPLY]


def test_a_conversation_is_read_once_however_long_it_gets(
    run: StageRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    transcript = StageTranscript(run)
    with django_assert_num_queries(1):
        assert transcript.steps() == []
    for step in (TASK, REPLY):
        transcript.append(step)

    with django_assert_num_queries(0):
        assert [step.role for step in transcript.steps()] == ["user", "assistant"]
        assert transcript.next_number == 2


def test_what_was_paid_for_is_kept_after_another_worker_went_on(run: StageRun) -> None:
    late, other = StageTranscript(run), StageTranscript(run)
    for transcript in (late, other):
        assert transcript.steps() == []
    other.append(TASK)

    late.append(REPLY)

    assert list(run.steps.values_list("number", "role")) == [(0, "user"), (1, "assistant")]
    assert [step.role for step in late.steps()] == ["user", "assistant"]
    run.refresh_from_db()
    assert run.cost_usd == REPLY.cost_usd


@pytest.mark.parametrize("character", ["\x00", "\ud83d"])
def test_a_paid_reply_with_characters_that_the_database_cannot_hold_is_kept_without_them(character: str) -> None:
    run = StageRun.objects.create(
        incident=IncidentFactory.create(), stage=Stage.DIAGNOSIS, started_at=timezone.now()
    )
    reply = says(text(f"a{character}b"), submit(function=f"total{character}"))
    with_model, _, _ = session(reply)

    run_agent(brief(checks=[]), replace(with_model, transcript=StageTranscript(run)))

    stored = AgentStep.objects.get(role="assistant")
    assert stored.content[0]["text"] == "a\ufffdb"
    assert stored.content[1]["input"]["function"] == "total\ufffd"
    assert stored.cost_usd == reply.cost_usd
