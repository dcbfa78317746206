"""What a model call returns, in words that both the agents and the model's client use."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# A content block as the Messages API has it: {"type": "text" | "tool_use" | "tool_result", ...}.
Block = dict[str, Any]


@dataclass(frozen=True)
class Usage:
    """Tokens as the API counts them; `input_tokens` is the uncached part only."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0


@dataclass(frozen=True)
class Reply:
    """One assistant message."""

    content: Sequence[Block]
    stop_reason: str
    usage: Usage
    cost_usd: Decimal
    model: str
