"""What the Messages API accepts, by the SDK's own types, for the stand-in to refuse what the API would refuse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anthropic.types import (
    ImageBlockParam,
    RedactedThinkingBlockParam,
    TextBlockParam,
    ThinkingBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
)
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

MOST_BREAKPOINTS = 4

_REQUEST: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsNonStreaming)
# Only what this platform sends: a block of another type is refused here although the API may know it.
_BLOCKS: dict[str, TypeAdapter[Any]] = {
    "text": TypeAdapter(TextBlockParam),
    "image": TypeAdapter(ImageBlockParam),
    "thinking": TypeAdapter(ThinkingBlockParam),
    "redacted_thinking": TypeAdapter(RedactedThinkingBlockParam),
    "tool_use": TypeAdapter(ToolUseBlockParam),
    "tool_result": TypeAdapter(ToolResultBlockParam),
}


class Refused(Exception):
    """The API would answer this request with an error of this status and type."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


@dataclass(frozen=True)
class Request:
    """A request that the API accepts; message contents are lists of blocks."""

    model: str
    max_tokens: int
    system: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    tool_choice: dict[str, Any]

    @property
    def tool_names(self) -> set[str]:
        return {tool["name"] for tool in self.tools}

    @property
    def turn(self) -> int:
        """How many assistant messages there are so far."""
        return sum(message["role"] == "assistant" for message in self.messages)

    @property
    def first_text(self) -> str:
        """The system text and the first user message: what stays the same while the conversation grows."""
        first = next(message for message in self.messages if message["role"] == "user")
        return "\n".join(block.get("text", "") for block in [*self.system, *first["content"]])


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise Refused without a key or a version."""
    if not headers.get("authorization", "").startswith("Bearer ") and not headers.get("x-api-key"):
        raise Refused(401, "authentication_error", "Authorization: a Bearer key is required")
    if not headers.get("anthropic-version"):
        raise _invalid("anthropic-version: header is required")


def read_request(body: Any) -> Request:
    """Return the request in one form. Raises Refused with the first thing that is wrong."""
    if not isinstance(body, dict):
        raise _invalid("the body must be a JSON object")
    stream = body.get("stream", False)
    if not isinstance(stream, bool):
        raise _invalid("stream: Input should be a valid boolean")
    # The SDK has one type for requests with `stream` and one for those without; the rest is the same.
    checked = _checked(_REQUEST, {key: value for key, value in body.items() if key != "stream"}, "")
    # The SDK's types hold lists as lazy iterators, which check their items while they are read.
    for name in ("messages", "tools"):
        _read_all(checked.get(name, ()), name)
    if not isinstance(checked.get("system", ""), str):
        _read_all(checked["system"], "system")
    request = Request(
        model=body["model"],
        max_tokens=body["max_tokens"],
        system=_blocks(body.get("system", [])),
        messages=[{**message, "content": _blocks(message["content"])} for message in body["messages"]],
        tools=body.get("tools", []),
        tool_choice=body.get("tool_choice", {"type": "auto"}),
    )
    _check_messages(request.messages)
    _check_tools(request)
    return request


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _check_messages(messages: list[dict[str, Any]]) -> None:
    if not messages or messages[0]["role"] != "user":
        raise _invalid("messages: the first message must use the user role")
    pending: set[str] = set()
    for number, message in enumerate(messages):
        place = f"messages.{number}"
        if not message["content"]:
            raise _invalid(f"{place}: all messages must have non-empty content")
        for index, block in enumerate(message["content"]):
            _check_block(block, f"{place}.content.{index}")
        answered = {block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"}
        if missing := pending - answered:
            raise _invalid(
                f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(sorted(missing))}"
            )
        if stray := answered - pending:
            raise _invalid(
                f"{place}: unexpected `tool_use_id` in `tool_result` blocks: {', '.join(sorted(stray))}"
            )
        pending = {block["id"] for block in message["content"] if block["type"] == "tool_use"}
    if pending:
        raise _invalid("messages: the last message has a `tool_use` without a `tool_result` after it")


def _check_block(block: Any, place: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _BLOCKS:
        raise _invalid(f"{place}: the stand-in knows no block of type {kind!r}")
    checked = _checked(_BLOCKS[kind], block, place)
    if kind == "tool_result" and not isinstance(checked.get("content", ""), str):
        _read_all(checked["content"], f"{place}.content")
    if kind == "text" and not block["text"].strip():
        raise _invalid(f"{place}: text content blocks must contain non-whitespace text")


def _check_tools(request: Request) -> None:
    names = [tool["name"] for tool in request.tools]
    if len(names) != len(set(names)):
        raise _invalid("tools: tool names must be unique")
    wanted = request.tool_choice.get("name")
    if wanted is not None and wanted not in names:
        raise _invalid(f"tool_choice: the tool {wanted!r} is not among the tools")
    blocks = [block for message in request.messages for block in message["content"]]
    breakpoints = sum("cache_control" in item for item in [*request.tools, *request.system, *blocks])
    if breakpoints > MOST_BREAKPOINTS:
        raise _invalid(f"cache_control: at most {MOST_BREAKPOINTS} blocks may have it, found {breakpoints}")


def _checked(adapter: TypeAdapter[Any], value: Any, place: str) -> Any:
    try:
        return adapter.validate_python(value, extra="forbid")
    except ValidationError as error:
        raise _invalid(_first_problem(error, place)) from error


def _read_all(items: Iterable[Any], place: str) -> None:
    try:
        for _ in items:
            pass
    except ValidationError as error:
        raise _invalid(_first_problem(error, place)) from error


def _first_problem(error: ValidationError, place: str) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in (*([place] if place else []), *problem["loc"]))
    return f"{where}: {problem['msg']}"


def _invalid(message: str) -> Refused:
    return Refused(400, "invalid_request_error", message)
