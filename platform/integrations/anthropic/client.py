"""Claude through the Messages API: one reply for a conversation, with its cost, and faults by what they mean."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, cast

import httpx2
from anthropic import (
    Anthropic,
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    DefaultHttpxClient,
)
from anthropic.types import Message
from django.conf import settings

from core.errors import NeedsHuman, Unavailable
from core.model import Block, Reply, Usage
from core.redact import redact, register_secret
from integrations.anthropic.prices import cost_usd, price_of, upper_bound_usd

SYSTEM = "anthropic"
TIMEOUT_SECONDS = 300.0
# The SDK sleeps as long as `retry-after` says, days if need be; a wait beyond this is left to the sweeper.
LONGEST_WAIT_SECONDS = 20.0
TEMPORARY = frozenset({408, 409, 429})
CACHE = {"type": "ephemeral"}
# Thinking blocks cannot carry a cache breakpoint.
CACHEABLE = frozenset({"text", "tool_use", "tool_result"})


class ModelRejectedRequest(NeedsHuman):
    """The API refuses this request and would refuse it again: key, credit, model name, size or form is wrong."""

    exit_reason = "ModelRejectedRequest"


class ModelNotConfigured(NeedsHuman):
    """There is neither a key nor another address to send requests to."""

    exit_reason = "ModelNotConfigured"


class MessagesModel:
    """One Claude model; safe to share between threads."""

    def __init__(self, name: str, *, api_key: str, base_url: str | None = None) -> None:
        """Make a client for the model `name`. Raises UnknownPrice for a model that cannot be budgeted."""
        price_of(name)
        self.name = name
        self._client = Anthropic(
            api_key=api_key,
            base_url=base_url,
            open_telemetry=False,  # spans are made by the room that traces, with redacted content
            max_retries=2,
            timeout=TIMEOUT_SECONDS,
            http_client=DefaultHttpxClient(event_hooks={"response": [_no_long_waits]}),
        )

    def upper_bound_usd(self, *, system: str, messages: Sequence[Mapping[str, Any]], max_tokens: int) -> Decimal:
        """Return what the call can cost at most."""
        text = system + json.dumps(list(messages), ensure_ascii=False, default=str)
        return upper_bound_usd(self.name, prompt_bytes=len(text.encode(errors="replace")), max_tokens=max_tokens)

    def reply(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Mapping[str, Any],
        max_tokens: int,
    ) -> Reply:
        """Return the next message. Raises Unavailable for temporary faults, ModelRejectedRequest for others."""
        # A forced call ends its conversation, so nothing would read what it wrote to the cache behind the system.
        goes_on = tool_choice["type"] != "tool"
        try:
            message = self._client.messages.create(
                model=self.name,
                max_tokens=max_tokens,
                # Tools come before the system text in the cached prefix: one breakpoint holds both.
                system=cast(Any, [{"type": "text", "text": system, "cache_control": CACHE}]),
                messages=cast(Any, _with_breakpoint(messages) if goes_on else list(messages)),
                tools=cast(Any, list(tools)),
                tool_choice=cast(Any, dict(tool_choice)),
            )
        except (APIConnectionError, APIResponseValidationError, json.JSONDecodeError) as error:
            raise Unavailable(SYSTEM, f"The Messages API does not answer: {error}") from error
        except APIStatusError as error:
            raise _fault(error) from error
        return self._read(message)

    def _read(self, message: object) -> Reply:
        # The SDK passes a 200 with a foreign body through: a gateway's page arrives as text or as empty fields.
        if not isinstance(message, Message) or not isinstance(message.content, list) or not message.usage:
            raise Unavailable(SYSTEM, f"The Messages API sent something that is no message: {message!r:.200}")
        usage = Usage(
            input_tokens=message.usage.input_tokens,
            output_tokens=message.usage.output_tokens,
            cache_write_tokens=message.usage.cache_creation_input_tokens or 0,
            cache_read_tokens=message.usage.cache_read_input_tokens or 0,
        )
        return Reply(
            content=[cast(Block, block.to_dict(mode="json", exclude_none=True)) for block in message.content],
            stop_reason=message.stop_reason or "",
            usage=usage,
            cost_usd=cost_usd(self.name, usage),
            model=message.model,
        )


@cache
def messages_model(name: str) -> MessagesModel:
    """Return the model `name` at the configured address. Raises ModelNotConfigured and UnknownPrice."""
    env = settings.ENV
    if env.anthropic_api_key is None and env.anthropic_base_url is None:
        raise ModelNotConfigured(
            "No model is configured. Set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL to the address of a stand-in "
            "(`manage.py up` starts one when no key is set)."
        )
    if env.anthropic_api_key is None:
        return MessagesModel(name, api_key="stand-in", base_url=env.anthropic_base_url)
    key = env.anthropic_api_key.get_secret_value()
    register_secret(key)
    return MessagesModel(name, api_key=key, base_url=env.anthropic_base_url)


def _with_breakpoint(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages with a cache breakpoint on the very last block, which the next turn reads up to."""
    *earlier, last = messages
    *blocks, block = last["content"]
    if block["type"] not in CACHEABLE:
        return list(messages)
    return [*earlier, {**last, "content": [*blocks, {**block, "cache_control": CACHE}]}]


def _fault(error: APIStatusError) -> Unavailable | ModelRejectedRequest:
    said = redact(error.api_message or error.message)
    text = f"HTTP {error.status_code} {error.type or ''}: {said}"
    if error.status_code in TEMPORARY or error.status_code >= 500:
        return Unavailable(SYSTEM, f"The Messages API is not available: {text}")
    return ModelRejectedRequest(
        f"The Messages API refuses the request: {text} (request {error.request_id}). Mend the cause, then resume."
    )


def _no_long_waits(response: httpx2.Response) -> None:
    """Make the SDK give up at once when the API asks for a long pause."""
    wait = response.headers.get("retry-after", "")
    if wait.replace(".", "", 1).isdigit() and float(wait) > LONGEST_WAIT_SECONDS:
        response.headers["x-should-retry"] = "false"
