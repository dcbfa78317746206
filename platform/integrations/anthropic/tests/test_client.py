import json
import socket
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings

from config.env import Env
from core.budget import ReplyLost
from core.errors import Unavailable
from core.model import Reply, Usage
from integrations.anthropic.caching import with_breakpoints
from integrations.anthropic.client import (
    MessagesModel,
    ModelNotConfigured,
    ModelRejectedRequest,
    messages_model,
)
from integrations.anthropic.prices import UnknownPrice, cost_usd
from integrations.anthropic.tests.api import READ, SUBMIT, answering, model_at, stream_of, user

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_creation_input_tokens": 400,
        "cache_read_input_tokens": None,
    },
}


def error_body(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


USAGE = Usage(input_tokens=10, output_tokens=20, cache_write_tokens=400)


def ask(model: MessagesModel, *, tool_choice: dict[str, Any] | None = None) -> Reply:
    return model.reply(
        system="You triage.",
        messages=[user("An alarm.")],
        tools=[READ, SUBMIT],
        tool_choice=tool_choice or {"type": "auto"},
        max_tokens=1000,
    )


def test_a_reply_carries_its_content_usage_and_cost() -> None:
    with answering(MESSAGE) as api:
        reply = ask(model_at(api.url))

    assert reply.content == [{"type": "text", "text": "Hello."}]
    assert reply.stop_reason == "end_turn"
    assert reply.usage == Usage(input_tokens=10, output_tokens=20, cache_write_tokens=400, cache_read_tokens=0)
    assert reply.cost_usd == Decimal("0.00061")
    assert reply.model == "claude-haiku-4-5-20251001"


def test_the_key_goes_out_as_a_bearer_and_no_trace_header_with_it() -> None:
    with answering(MESSAGE) as api:
        ask(model_at(api.url))

    headers = {name.lower(): value for name, value in api.requests[0]["headers"].items()}
    assert headers["authorization"] == "Bearer test-key"
    assert "traceparent" not in headers


def test_tools_system_and_the_conversation_so_far_are_cached() -> None:
    with answering(MESSAGE) as api:
        ask(model_at(api.url))

    body = api.requests[0]["body"]
    assert body["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert body["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}


def test_a_forced_call_does_not_pay_for_caching_what_nothing_reads_again() -> None:
    with answering(MESSAGE) as api:
        ask(model_at(api.url), tool_choice={"type": "tool", "name": "submit_triage"})

    body = api.requests[0]["body"]
    assert "cache_control" in body["system"][-1]
    assert "cache_control" not in body["messages"][-1]["content"][-1]


def test_the_end_of_the_turn_before_is_marked_too_so_that_many_blocks_since_do_not_hide_it() -> None:
    results = [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "x"} for number in range(30)]
    calls = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": "read_file", "input": {}} for number in range(30)
    ]
    messages = [
        user("An alarm."),
        {"role": "assistant", "content": calls},
        {"role": "user", "content": results},
    ]

    marked = with_breakpoints(messages)

    assert ["cache_control" in message["content"][-1] for message in marked] == [True, False, True]
    assert "cache_control" not in messages[-1]["content"][-1]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, "timeout_error"),
        (409, "conflict"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_a_temporary_fault_is_tried_three_times_and_then_parks_the_work(status: int, kind: str) -> None:
    with (
        answering(error_body(kind, "come back later"), status=status) as api,
        pytest.raises(Unavailable, match="come back later") as caught,
    ):
        ask(model_at(api.url))

    assert caught.value.system == "anthropic"
    assert len(api.requests) == 3


def test_a_long_pause_is_not_slept_through_by_the_worker() -> None:
    started = time.monotonic()

    with (
        answering(error_body("rate_limit_error", "slow down"), status=429, headers={"retry-after": "3600"}) as api,
        pytest.raises(Unavailable, match="slow down"),
    ):
        ask(model_at(api.url))

    assert len(api.requests) == 1
    assert time.monotonic() - started < 5


def test_an_address_where_nothing_listens_parks_the_work() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"

    with pytest.raises(Unavailable, match="does not answer"):
        ask(model_at(url))


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request_error"), (401, "authentication_error"), (402, "billing_error")]
)
def test_a_refused_request_is_asked_once_and_says_what_the_api_said(status: int, kind: str) -> None:
    with (
        answering(error_body(kind, "prompt is too long"), status=status) as api,
        pytest.raises(ModelRejectedRequest, match=f"HTTP {status} {kind}: prompt is too long"),
    ):
        ask(model_at(api.url))

    assert len(api.requests) == 1


def test_the_words_are_heard_while_they_come() -> None:
    heard: list[str] = []
    words = "I look at the checkout. " * 20
    content = [{"type": "text", "text": words}, {"type": "text", "text": "Then I stop."}]

    with answering({**MESSAGE, "content": content}) as api:
        reply = model_at(api.url).reply(
            system="You triage.",
            messages=[user("An alarm.")],
            tools=[],
            tool_choice={"type": "auto"},
            max_tokens=1000,
            on_text=heard.append,
        )

    assert reply.content == content
    assert heard == sorted(heard, key=len)
    assert len(heard) > 5
    assert heard[-1] == f"{words}\nThen I stop."


CALL = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "submit_triage",
    "input": {"severity": "P2", "reason": "x" * 90},
}


def test_a_stream_that_breaks_off_is_no_message_although_the_sdk_closes_its_arguments() -> None:
    whole = stream_of({**MESSAGE, "content": [CALL], "stop_reason": "tool_use"})
    middle = whole.index(b"content_block_stop")

    with (
        answering(whole[:middle]) as api,
        pytest.raises(Unavailable, match="in the middle of a message") as caught,
    ):
        ask(model_at(api.url))

    assert caught.value.system == "anthropic"
    # What may have been paid for is not asked for again with the same money.
    assert len(api.requests) == 1
    assert isinstance(caught.value, ReplyLost)
    assert caught.value.lost_usd == cost_usd("claude-haiku-4-5", replace(USAGE, output_tokens=1000))


def test_a_fault_before_any_answer_began_is_not_taken_for_a_paid_one() -> None:
    with (
        answering(error_body("overloaded_error", "busy"), status=529) as api,
        pytest.raises(Unavailable) as caught,
    ):
        ask(model_at(api.url))

    assert not isinstance(caught.value, ReplyLost)


def test_a_reply_that_is_cut_off_says_so_in_its_stop_reason() -> None:
    with answering({**MESSAGE, "content": [CALL], "stop_reason": "max_tokens"}) as api:
        assert ask(model_at(api.url)).stop_reason == "max_tokens"


def test_an_error_in_the_middle_of_a_stream_is_temporary_by_its_type() -> None:
    begun = stream_of(MESSAGE).split(b"\n\n")[0] + b"\n\n"
    overloaded = b"event: error\ndata: " + json.dumps(error_body("overloaded_error", "busy")).encode() + b"\n\n"

    with answering(begun + overloaded) as api, pytest.raises(ReplyLost, match="busy"):
        ask(model_at(api.url))

    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {**MESSAGE, "content": None},
        {"type": "message"},
        {},
        "<html>welcome</html>",
        [1, 2],
        {**MESSAGE, "usage": None},
    ],
)
def test_a_200_that_is_no_message_is_an_error(body: object) -> None:
    with answering(body) as api, pytest.raises(Unavailable):
        ask(model_at(api.url))


def test_a_page_of_a_gateway_is_an_error() -> None:
    with (
        answering("<html>welcome</html>", headers={"content-type": "text/html"}) as api,
        pytest.raises(Unavailable, match="no message: 'text/html'"),
    ):
        ask(model_at(api.url))


def test_the_bound_grows_with_the_prompt_and_covers_the_reply() -> None:
    model = model_at("http://127.0.0.1:1")

    short = model.upper_bound_usd(system="s", messages=[user("x")], tools=[READ], max_tokens=1000)
    long = model.upper_bound_usd(system="s", messages=[user("x" * 100_000)], tools=[READ], max_tokens=1000)

    # 50,000 tokens at the 1.25 USD a million that writing them to the cache costs.
    assert abs(long - short - Decimal("0.0625")) < Decimal("0.00001")
    assert short > Decimal("0.005")  # 1,000 tokens at 5 USD a million


def test_the_apis_own_count_gives_a_closer_bound() -> None:
    request: dict[str, Any] = {
        "system": "s",
        "messages": [user("x" * 100_000)],
        "tools": [READ],
        "max_tokens": 1000,
    }

    with answering({"input_tokens": 20_000}) as api:
        counted = model_at(api.url).counted_bound_usd(**request)
        bound = model_at(api.url).upper_bound_usd(**request)

    assert api.requests[0]["body"]["tools"] == [READ]
    # 21,001 tokens (5 % more than counted) at 1.25 USD a million and 1,000 at 5.
    assert counted == Decimal("0.03125125")
    assert counted < bound


def test_many_failures_in_a_row_leave_the_api_alone() -> None:
    with answering(error_body("overloaded_error", "busy"), status=529) as api:
        for _ in range(4):
            with pytest.raises(Unavailable):
                ask(model_at(api.url))

    assert len(api.requests) == 5  # the setting BREAKER_FAILURES; four times three attempts were asked for


def test_a_model_that_cannot_be_budgeted_is_refused_before_any_call() -> None:
    with pytest.raises(UnknownPrice):
        MessagesModel("claude-unheard-of", api_key="test-key")


def test_without_key_and_address_the_text_says_what_to_set() -> None:
    messages_model.cache_clear()

    with (
        override_settings(ENV=Env(anthropic_api_key=None, anthropic_base_url=None)),
        pytest.raises(ModelNotConfigured, match="ANTHROPIC_API_KEY"),
    ):
        messages_model("claude-haiku-4-5")


def test_without_a_key_the_configured_address_is_asked() -> None:
    messages_model.cache_clear()
    with answering(MESSAGE) as api, override_settings(ENV=Env(anthropic_api_key=None, anthropic_base_url=api.url)):
        ask(messages_model("claude-haiku-4-5"))
    messages_model.cache_clear()

    assert len(api.requests) == 1
