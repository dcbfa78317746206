"""What a triage prompt showed, read back from its text."""

from agents.triage.agent import triage_task
from agents.triage.context import TriageContext
from evals.golden.shown import live_shown, logs_shown, occurrences_shown
from evals.tests.golden_cases import case, shipped


def test_the_prompt_of_every_shipped_case_is_read_back() -> None:
    for one in shipped():
        prompt = triage_task(one.context)

        read = logs_shown(prompt)

        assert read is not None, one.id
        wanted = sorted(one.logs.events, key=lambda event: event.at)
        assert [(event.id, event.at) for event in read.events] == [(event.id, event.at) for event in wanted], (
            one.id
        )
        assert [event.message for event in read.events] == [event.message.strip() for event in wanted], one.id
        assert read.missing == ("" if wanted else one.logs.missing), one.id
        assert live_shown(prompt) == one.live, one.id
        assert occurrences_shown(prompt) == one.occurrences, one.id


def test_a_message_of_several_lines_stays_one_event() -> None:
    one = case()
    [first, *_] = one.logs.events
    crash = first.model_copy(
        update={"message": "TypeError: x is undefined\n\n    at total (/app/src/totals.js:7:3)"}
    )
    context = TriageContext(alarm=one.facts, recent_logs=one.logs.model_copy(update={"events": [crash]}))

    read = logs_shown(triage_task(context))

    assert read is not None
    assert read.events == [crash]


def test_a_filter_pattern_is_kept_and_another_text_is_no_prompt() -> None:
    one = case()
    logs = one.logs.model_copy(update={"filter_pattern": '{ $.level = "error" }'})

    read = logs_shown(triage_task(TriageContext(alarm=one.facts, recent_logs=logs)))

    assert read is not None
    assert read.filter_pattern == '{ $.level = "error" }'
    assert logs_shown("Write a poem.") is None
    assert occurrences_shown("Write a poem.") is None
