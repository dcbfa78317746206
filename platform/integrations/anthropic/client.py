"""Claude through the Messages API: one reply for a conversation, heard while it comes, with its cost."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any, cast

from anthropic import Anthropic, MessageStream
from anthropic.types import Message
from django.conf import settings

from core.budget import ReplyLost
from core.errors import NeedsHuman, Unavailable
from core.model import Block, Reply, Usage
from core.redact import register_secret
from core.resilience.breaker import guarded
from core.resilience.retry import retried
from integrations.anthropic.caching import CACHE, with_breakpoints
from integrations.anthropic.faults import SYSTEM, api_errors, no_message
from integrations.anthropic.faults import ModelRejectedRequest as ModelRejectedRequest
from integrations.anthropic.prices import cost_usd, counted_bound_usd, price_of, upper_bound_usd

TIMEOUT_SECONDS = 300.0


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
            max_retries=0,  # core.resilience retries: it knows the breaker, and when to park the work instead
            timeout=TIMEOUT_SECONDS,
        )

    def upper_bound_usd(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        max_tokens: int,
    ) -> Decimal:
        """Return what the call can cost at most."""
        text = system + json.dumps([*messages, *tools], ensure_ascii=False, default=str)
        return upper_bound_usd(self.name, prompt_bytes=len(text.encode(errors="replace")), max_tokens=max_tokens)

    def counted_bound_usd(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        max_tokens: int,
    ) -> Decimal:
        """Return what the call can cost at most by the API's own count of its tokens, which is free.

        Raises Unavailable and ModelRejectedRequest.
        """

        def count() -> int:
            with guarded(SYSTEM), api_errors():
                counted = self._client.messages.count_tokens(
                    model=self.name,
                    system=system,
                    messages=cast(Any, list(messages)),
                    tools=cast(Any, list(tools)),
                )
            return counted.input_tokens

        return counted_bound_usd(self.name, input_tokens=retried(count), max_tokens=max_tokens)

    def reply(
        self,
        *,
        system: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Mapping[str, Any],
        max_tokens: int,
        on_text: Callable[[str], None] = lambda _words: None,
    ) -> Reply:
        """Return the next message; `on_text` hears its words so far while they come.

        Raises Unavailable for temporary faults that outlast a few attempts, ReplyLost (one of these) at once if an
        answer began and broke off, and ModelRejectedRequest for others.
        """
        # A forced call has a prompt of its own to the cache, and nothing reads again what it would write there.
        goes_on = tool_choice["type"] != "tool"
        request: dict[str, Any] = {
            "model": self.name,
            "max_tokens": max_tokens,
            # Tools come before the system text in the cached prefix: one breakpoint holds both.
            "system": [{"type": "text", "text": system, "cache_control": CACHE}],
            "messages": with_breakpoints(messages) if goes_on else list(messages),
            "tools": list(tools),
            "tool_choice": dict(tool_choice),
        }

        def attempt() -> Reply:
            begun: list[Usage] = []
            try:
                with guarded(SYSTEM), api_errors():
                    with self._client.messages.stream(**request) as stream:
                        message = _whole_message(stream, on_text, begun)
                    return self._read(message)
            except Unavailable as error:
                if not begun:
                    raise
                # How much of it was written, nobody says.
                lost_usd = cost_usd(self.name, replace(begun[0], output_tokens=max_tokens))
                raise ReplyLost(
                    error.system, str(error), lost_usd=lost_usd, retry_after_seconds=error.retry_after_seconds
                ) from error

        return retried(attempt)

    def _read(self, message: Message) -> Reply:
        usage = _usage(message)
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


def _usage(message: Message) -> Usage:
    return Usage(
        input_tokens=message.usage.input_tokens,
        output_tokens=message.usage.output_tokens,
        cache_write_tokens=message.usage.cache_creation_input_tokens or 0,
        cache_read_tokens=message.usage.cache_read_input_tokens or 0,
    )


def _whole_message(stream: "MessageStream[None]", on_text: Callable[[str], None], begun: list[Usage]) -> Message:
    """Return the message once its stream has ended as streams do; what it began with is added to `begun`.

    A connection that breaks leaves the SDK with a message that looks finished and is not, down to tool arguments
    that were closed for us: such a one was not received. Raises Unavailable.
    """
    has_begun = has_ended = False
    for event in stream:
        if event.type == "message_start":
            has_begun = True
            if event.message.usage:
                begun.append(_usage(event.message))
        has_ended = event.type == "message_stop"
        if event.type == "text":
            blocks = stream.current_message_snapshot.content
            on_text("\n".join(block.text for block in blocks if block.type == "text"))
    message: Any = stream.current_message_snapshot if has_begun else None
    if not (has_ended and message and isinstance(message.content, list) and message.usage and message.stop_reason):
        if has_begun and not has_ended:
            raise Unavailable(SYSTEM, "The Messages API stopped in the middle of a message.")
        raise no_message(message if has_begun else stream.response.headers.get("content-type"))
    return cast(Message, message)
