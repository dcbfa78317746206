"""What the stand-in says a reply used: an estimate at four characters a token, with a simulated prompt cache."""

import json
from typing import Any

from integrations.anthropic.request import Request

CHARACTERS_PER_TOKEN = 4


def estimated_usage(request: Request, content: list[dict[str, Any]]) -> dict[str, int]:
    """Return the API's usage fields.

    What comes up to the last `cache_control` is cached. The part that was already there in the conversation's
    previous request is read from the cache, the rest is written to it; the first request only writes.
    """
    # The order of the API's prompt: tools, system, messages.
    head = [*request.tools, *request.system]
    blocks = [*head, *(block for message in request.messages for block in message["content"])]
    sizes = [_tokens(block) for block in blocks]
    cached = max((index + 1 for index, block in enumerate(blocks) if "cache_control" in block), default=0)
    seen = min(cached, _blocks_in_previous_request(request, len(head)))
    return {
        "input_tokens": sum(sizes[cached:]),
        "cache_read_input_tokens": sum(sizes[:seen]),
        "cache_creation_input_tokens": sum(sizes[seen:cached]),
        "output_tokens": max(1, sum(_tokens(block) for block in content)),
    }


def _blocks_in_previous_request(request: Request, head: int) -> int:
    assistants = [index for index, message in enumerate(request.messages) if message["role"] == "assistant"]
    if not assistants:
        return 0
    return head + sum(len(message["content"]) for message in request.messages[: assistants[-1]])


def _tokens(block: dict[str, Any]) -> int:
    plain = {key: value for key, value in block.items() if key != "cache_control"}
    return -(-len(json.dumps(plain, ensure_ascii=False)) // CHARACTERS_PER_TOKEN)
