"""What the stand-in says a request and its reply hold: an estimate at four characters a token."""

import json
from typing import Any

from integrations.anthropic.prompt_cache import PromptCache, prompt_blocks
from integrations.anthropic.request import Request

CHARACTERS_PER_TOKEN = 4


def estimated_usage(request: Request, content: list[dict[str, Any]], cache: PromptCache) -> dict[str, int]:
    """Return the API's usage fields; what `cache` does not hold and is marked for it is written to it."""
    sizes = [_tokens(block) for block in prompt_blocks(request)[1]]
    read, cached = cache.split(request)
    return {
        "input_tokens": sum(sizes[max(read, cached) :]),
        "cache_read_input_tokens": sum(sizes[:read]),
        "cache_creation_input_tokens": sum(sizes[read:cached]),
        "output_tokens": max(1, sum(_tokens(block) for block in content)),
    }


def estimated_input_tokens(request: Request) -> int:
    """Return what the API's count of the request's tokens would be."""
    return sum(_tokens(block) for block in prompt_blocks(request)[1])


def _tokens(block: dict[str, Any]) -> int:
    plain = {key: value for key, value in block.items() if key != "cache_control"}
    return -(-len(json.dumps(plain, ensure_ascii=False)) // CHARACTERS_PER_TOKEN)
