"""A whole message as the events of a stream, in the order and form of the Messages API.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import json
from collections.abc import Iterator
from typing import Any

CHARACTERS_IN_A_DELTA = 60

Event = dict[str, Any]


def events_of(message: dict[str, Any]) -> Iterator[Event]:
    """Return the events that a client puts `message` together from."""
    usage = message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(message["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": _empty(block)}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": usage["output_tokens"]},
    }
    yield {"type": "message_stop"}


def encoded(event: Event) -> bytes:
    """Return the event as a server writes it; clients skip events without a name."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _empty(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for part in _parts(block["text"]):
            yield {"type": "text_delta", "text": part}
    else:
        for part in _parts(json.dumps(block["input"])):
            yield {"type": "input_json_delta", "partial_json": part}


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), CHARACTERS_IN_A_DELTA):
        yield text[start : start + CHARACTERS_IN_A_DELTA]
