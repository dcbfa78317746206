import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anthropic import Anthropic
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from integrations.anthropic.client import ModelRejectedRequest
from integrations.anthropic.script import Script
from integrations.anthropic.sse import events_of
from integrations.anthropic.standin import Outage, StandIn
from integrations.anthropic.tests.api import READ, SUBMIT, model_at, user

HEADERS = {"authorization": "Bearer test-key", "anthropic-version": "2026-10-21"}
SCRIPT: dict[str, Any] = {
    "scenarios": [
        {
            "name": "checkout triage",
            "when": {"tool": "submit_triage", "contains": ["checkout"]},
            "turns": [
                {
                    "content": [
                        {"type": "text", "text": "I look."},
                        {"type": "tool_use", "name": "read_file", "input": {"path": "src/app.js"}},
                        {"type": "tool_use", "name": "read_file", "input": {"path": "src/money.js"}},
                    ]
                },
                {"content": [{"type": "tool_use", "name": "submit_triage", "input": {"severity": "P2"}}]},
                {"content": [{"type": "text", "text": "Done."}]},
            ],
        }
    ]
}


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(Script.model_validate(SCRIPT)) as running:
        yield running


def request(**changes: Any) -> dict[str, Any]:
    return {
        "model": "claude-haiku-4-5",
        "max_tokens": 1000,
        "system": "You triage.",
        "messages": [user("checkout errors")],
        "tools": [READ, SUBMIT],
        **changes,
    }


def post(standin: StandIn, body: Any, headers: dict[str, str] = HEADERS) -> httpx.Response:
    return httpx.post(f"{standin.url}/v1/messages", json=body, headers=headers)


def conversation(replies: int, standin: StandIn) -> list[dict[str, Any]]:
    """Return the messages after this many real replies, each tool answered."""
    messages = [user("checkout errors")]
    for _ in range(replies):
        content = post(standin, request(messages=messages)).json()["content"]
        messages.append({"role": "assistant", "content": content})
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "found"}
            for block in content
            if block["type"] == "tool_use"
        ]
        messages.append({"role": "user", "content": results or [{"type": "text", "text": "go on"}]})
    return messages


def test_a_reply_is_a_message_of_the_sdk_with_derived_stop_reason(standin: StandIn) -> None:
    reply = Message.model_validate(post(standin, request()).json())

    assert reply.stop_reason == "tool_use"
    assert [block.type for block in reply.content] == ["text", "tool_use", "tool_use"]
    assert reply.model == "claude-haiku-4-5"


def test_tool_calls_have_different_ids_that_are_the_same_every_time(standin: StandIn) -> None:
    first, again = (post(standin, request()).json()["content"] for _ in range(2))

    assert first == again
    assert first[1]["id"] != first[2]["id"]


def test_the_number_of_assistant_messages_says_which_turn_comes(standin: StandIn) -> None:
    last = post(standin, request(messages=conversation(2, standin))).json()

    assert last["content"] == [{"type": "text", "text": "Done."}]
    assert last["stop_reason"] == "end_turn"
    assert [played.turn for played in standin.played] == [1, 2, 3]


def test_a_resumed_conversation_goes_on_with_another_process(standin: StandIn) -> None:
    messages = conversation(1, standin)

    with StandIn(Script.model_validate(SCRIPT)) as other:
        reply = post(other, request(messages=messages)).json()

    assert reply["content"][0]["name"] == "submit_triage"


def test_a_tool_result_cannot_change_the_scenario(standin: StandIn) -> None:
    script = Script.model_validate(
        {
            "scenarios": [
                {
                    "name": "only from a tool",
                    "when": {"tool": "submit_triage", "contains": ["found"]},
                    "turns": [{"content": [{"type": "text", "text": "wrong"}]}] * 3,
                },
                *SCRIPT["scenarios"],
            ]
        }
    )

    with StandIn(script) as other:
        reply = post(other, request(messages=conversation(1, standin))).json()

    assert reply["content"][0]["name"] == "submit_triage"


CACHE = {"type": "ephemeral"}


def cached(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a request with breakpoints after the system text and at the end."""
    *earlier, last = messages
    *blocks, block = last["content"]
    return request(
        system=[{"type": "text", "text": "You triage. " * 100, "cache_control": CACHE}],
        messages=[*earlier, {**last, "content": [*blocks, {**block, "cache_control": CACHE}]}],
    )


def usage(standin: StandIn, body: dict[str, Any]) -> tuple[int, int, int]:
    """Return the tokens read from the cache, written to it, and neither."""
    found = post(standin, body).json()["usage"]
    return found["cache_read_input_tokens"], found["cache_creation_input_tokens"], found["input_tokens"]


def test_a_turn_reads_what_the_one_before_it_wrote_and_writes_what_is_new(standin: StandIn) -> None:
    first = usage(standin, cached(conversation(0, standin)))
    second = usage(standin, cached(conversation(1, standin)))
    plain = usage(standin, request(system="You triage. " * 100, messages=conversation(1, standin)))

    assert first[0] == first[2] == 0
    assert second[0] == first[1] > 300
    assert second[1] > 0
    assert second[2] == 0
    assert sum(plain) == plain[2] == sum(second)


def test_a_changed_beginning_is_written_anew(standin: StandIn) -> None:
    usage(standin, cached(conversation(1, standin)))
    changed = conversation(1, standin)
    changed[0] = user("checkout errors, seen twice")

    read, written, _ = usage(standin, cached(changed))

    system_and_tools = usage(standin, cached([user("checkout")]))[0]
    assert read == system_and_tools
    assert written > 0


def test_what_another_tool_choice_wrote_is_not_read_beyond_the_system_text(standin: StandIn) -> None:
    body = cached(conversation(1, standin))
    usage(standin, body)

    forced = usage(standin, {**body, "tool_choice": {"type": "tool", "name": "submit_triage"}})

    assert forced[0] == usage(standin, cached([user("checkout")]))[0]


def test_an_entry_more_than_twenty_blocks_back_is_not_found(standin: StandIn) -> None:
    usage(standin, cached([user("checkout")]))
    many = [{"type": "text", "text": "checkout"}, *({"type": "text", "text": f"line {n}"} for n in range(25))]

    read, _, _ = usage(standin, cached([{"role": "user", "content": many}]))

    body = cached([{"role": "user", "content": many}])
    body["messages"][0]["content"][0]["cache_control"] = CACHE
    assert read < usage(standin, body)[0]


def test_a_stream_puts_together_to_the_same_message(standin: StandIn) -> None:
    whole = post(standin, request()).json()
    client = Anthropic(api_key="test-key", base_url=standin.url, open_telemetry=False)

    with client.messages.stream(**request()) as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_message()

    assert streamed.to_dict(mode="json", exclude_none=True)["content"] == whole["content"]
    assert (streamed.stop_reason, streamed.usage.output_tokens) == ("tool_use", whole["usage"]["output_tokens"])
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


def test_every_event_of_a_stream_is_one_of_the_sdks(standin: StandIn) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)

    for event in events_of(post(standin, request()).json()):
        adapter.validate_python(event)


def test_tokens_are_counted_without_a_reply(standin: StandIn) -> None:
    counted = httpx.post(
        f"{standin.url}/v1/messages/count_tokens",
        json={key: value for key, value in request().items() if key != "max_tokens"},
        headers=HEADERS,
    )

    assert counted.json() == {"input_tokens": sum(usage(standin, request()))}
    assert len(standin.played) == 1


def test_an_outage_is_answered_as_the_api_does_and_ends(standin: StandIn) -> None:
    standin.outage = Outage(retry_after_seconds=7)
    refused = post(standin, request())
    standin.outage = None

    assert (refused.status_code, refused.json()["error"]["type"]) == (529, "overloaded_error")
    assert refused.headers["retry-after"] == "7"
    assert post(standin, request()).status_code == 200


TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"temperature": 0.2}, "temperature: Extra inputs are not permitted"),
        ({"max_tokens": None}, "max_tokens"),
        ({"messages": []}, "first message must use the user role"),
        ({"messages": [{"role": "robot", "content": "checkout"}]}, "messages"),
        ({"messages": [user(" ")]}, "non-whitespace"),
        ({"messages": [{"role": "user", "content": []}]}, "non-empty content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "colour": 1}]}]},
            "colour: Extra",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "poem"}]}]}, "no block of type 'poem'"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "x"}]}]}, "tool_use_id"),
        (
            {"messages": [user("checkout"), {"role": "assistant", "content": [TOOL_USE]}, user("never mind")]},
            "`tool_use` ids were found without `tool_result`",
        ),
        (
            {"messages": [user("checkout"), {"role": "assistant", "content": [TOOL_USE]}]},
            "without a `tool_result`",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "tool_result", "tool_use_id": "toolu_9", "content": "x"}],
                    }
                ]
            },
            "toolu_9",
        ),
        ({"tools": [{"name": "submit_triage"}]}, "input_schema"),
        ({"tools": [SUBMIT, SUBMIT]}, "unique"),
        ({"tool_choice": {"type": "tool", "name": "nothing"}}, "'nothing' is not among the tools"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        (
            {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5},
            "at most 4",
        ),
    ],
)
def test_what_the_api_refuses_is_refused(standin: StandIn, changes: dict[str, Any], wrong: str) -> None:
    response = post(standin, request(**changes))

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert wrong in response.json()["error"]["message"]


def test_a_request_without_key_or_version_is_refused(standin: StandIn) -> None:
    no_key = post(standin, request(), {"anthropic-version": "2026-10-21"})
    no_version = post(standin, request(), {"authorization": "Bearer x"})

    assert (no_key.status_code, no_key.json()["error"]["type"]) == (401, "authentication_error")
    assert (no_version.status_code, no_version.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("body", ["", "{", "[1]", '"text"'])
def test_a_body_that_is_no_json_object_is_refused(standin: StandIn, body: str) -> None:
    response = httpx.post(f"{standin.url}/v1/messages", content=body, headers=HEADERS)

    assert response.status_code == 400


def test_a_request_that_no_scenario_foresees_names_its_tools_its_task_and_the_scenarios(standin: StandIn) -> None:
    with pytest.raises(ModelRejectedRequest) as caught:
        model_at(standin.url).reply(
            system="You triage.",
            messages=[user("an alarm of another kind " + "x" * 200)],
            tools=[SUBMIT],
            tool_choice={"type": "auto"},
            max_tokens=100,
        )

    message = str(caught.value)
    assert "submit_triage" in message
    assert "an alarm of another kind" in message
    assert "x" * 100 not in message
    assert "'checkout triage'" in message


def test_a_conversation_longer_than_its_script_is_refused(standin: StandIn) -> None:
    response = post(standin, request(messages=conversation(3, standin)))

    assert "'checkout triage' has 3 turns, and this is number 4" in response.json()["error"]["message"]


def test_a_scripted_tool_that_the_request_does_not_offer_is_refused(standin: StandIn) -> None:
    response = post(standin, request(tools=[SUBMIT]))

    assert "uses the tool 'read_file', which the request does not offer" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("tool_choice", "replies", "wrong"),
    [
        ({"type": "tool", "name": "submit_triage"}, 0, "tool_choice demands submit_triage"),
        ({"type": "any"}, 2, "tool_choice demands one"),
        ({"type": "none"}, 0, "tool_choice forbids it"),
    ],
)
def test_a_turn_that_the_tool_choice_rules_out_is_refused(
    standin: StandIn, tool_choice: dict[str, Any], replies: int, wrong: str
) -> None:
    response = post(standin, request(messages=conversation(replies, standin), tool_choice=tool_choice))

    assert wrong in response.json()["error"]["message"]


def test_a_turn_takes_as_long_as_the_script_says() -> None:
    slow = {
        "name": "slow",
        "when": {"tool": "submit_triage"},
        "turns": [{"content": [{"type": "text", "text": "Hi"}], "delay_seconds": 0.3}],
    }
    started = time.monotonic()

    with StandIn(Script.model_validate({"latency_seconds": 30, "scenarios": [slow]})) as standin:
        assert post(standin, request()).status_code == 200

    assert 0.3 <= time.monotonic() - started < 5


def run_module(*arguments: str) -> "subprocess.Popen[str]":
    platform = Path(__file__).resolve().parents[3]
    return subprocess.Popen(
        [sys.executable, "-m", "integrations.anthropic.standin", *arguments],
        env={**os.environ, "PYTHONPATH": str(platform)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_module_serves_a_script_file_and_ends_when_told(tmp_path: Path) -> None:
    script = tmp_path / "demo.yaml"
    script.write_text(
        "scenarios: [{name: a, when: {tool: submit_triage}, turns: [{content: [{type: text, text: Hi}]}]}]"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = run_module("--script", str(script), "--port", str(port))
    try:
        transport = httpx.HTTPTransport(retries=12)
        with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
            found = client.get("/").json()
            reply = client.post("/v1/messages", json=request(), headers=HEADERS).json()
    finally:
        process.terminate()
        process.wait(10)

    assert found["scenarios"] == ["a"]
    assert reply["content"][0]["text"] == "Hi"


def test_the_module_says_in_one_sentence_why_it_cannot_start(tmp_path: Path) -> None:
    script = tmp_path / "demo.yaml"
    script.write_text("scenarios: []")
    bad_script = run_module("--script", str(script), "--port", "0").communicate(timeout=30)[1]
    script.write_text("scenarios: [{name: a, when: {tool: t}, turns: [{content: []}]}]")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        taken_port = run_module("--script", str(script), "--port", port).communicate(timeout=30)[1]

    assert "cannot be played" in bad_script
    assert f"port {port} on 127.0.0.1 cannot be used" in taken_port
    assert "Traceback" not in bad_script + taken_port
