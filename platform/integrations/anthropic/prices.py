"""What a call to each model costs: list prices, and a bound that is known before the call."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import NeedsHuman
from core.model import Usage

PER_MILLION = Decimal(1_000_000)
# Text in prompts has 3 to 4 characters a token, hashes and digits about 2: nothing that we send has fewer bytes.
LEAST_BYTES_PER_TOKEN = 2
# Tool definitions and the system text that the API adds for them are not part of what the bound is given.
TOOL_DEFINITION_TOKENS = 4_000


class UnknownPrice(NeedsHuman):
    """A model without a price cannot be kept within a budget, so it is not called."""

    exit_reason = "UnknownPrice"


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens; cache writes are those kept for five minutes, the only ones we ask for."""

    input: Decimal
    output: Decimal
    cache_write: Decimal
    cache_read: Decimal
    as_of: date


# https://platform.claude.com/docs/en/about-claude/pricing. Cache prices are no fixed multiple of the input price
# across models, so each is written out.
PRICES = {
    "claude-opus-4-6": Price(Decimal(5), Decimal(25), Decimal("6.25"), Decimal("0.50"), date(2026, 11, 24)),
    "claude-sonnet-4-6": Price(Decimal(3), Decimal(15), Decimal("3.75"), Decimal("0.30"), date(2026, 11, 24)),
    "claude-haiku-4-5": Price(Decimal(1), Decimal(5), Decimal("1.25"), Decimal("0.10"), date(2026, 11, 24)),
    "claude-haiku-4-5-20251001": Price(
        Decimal(1), Decimal(5), Decimal("1.25"), Decimal("0.10"), date(2026, 11, 24)
    ),
}


def price_of(model: str) -> Price:
    """Return the model's price. Raises UnknownPrice."""
    try:
        return PRICES[model]
    except KeyError:
        raise UnknownPrice(
            f"The model {model!r} has no price, so its budget cannot be kept. Known: {', '.join(PRICES)}. "
            "Set one of these, or add the price in integrations/anthropic/prices.py."
        ) from None


def cost_usd(model: str, usage: Usage) -> Decimal:
    """Return what the counted tokens cost. Raises UnknownPrice."""
    price = price_of(model)
    return (
        usage.input_tokens * price.input
        + usage.output_tokens * price.output
        + usage.cache_write_tokens * price.cache_write
        + usage.cache_read_tokens * price.cache_read
    ) / PER_MILLION


def upper_bound_usd(model: str, *, prompt_bytes: int, max_tokens: int) -> Decimal:
    """Return what a call can cost at most, from the UTF-8 bytes of its prompt. Raises UnknownPrice.

    The rule: two bytes make at most one token, all input is written to the cache (the dearest way to read it),
    and the whole of `max_tokens` comes out.
    """
    tokens = -(-prompt_bytes // LEAST_BYTES_PER_TOKEN) + TOOL_DEFINITION_TOKENS
    return cost_usd(model, Usage(cache_write_tokens=tokens, output_tokens=max_tokens))
