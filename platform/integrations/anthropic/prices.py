"""What a call to each model costs, by the price table in settings, and a bound that is known before the call."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from core.errors import NeedsHuman
from core.model import Usage

PER_MILLION = Decimal(1_000_000)
# Text in prompts has 3 to 4 characters a token, hashes and digits about 2: nothing that we send has fewer bytes.
LEAST_BYTES_PER_TOKEN = 2
# The system text that the API itself adds for tools is in no request (350 to 800 tokens by its documentation).
OWN_SYSTEM_TOKENS = 1_000
# The API calls its own count an estimate.
COUNT_MARGIN = Decimal("1.05")


class UnknownPrice(NeedsHuman):
    """A model without a price cannot be kept within a budget, so it is not called."""

    exit_reason = "UnknownPrice"


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens."""

    input: Decimal
    output: Decimal
    cache_write: Decimal
    cache_read: Decimal


def price_of(model: str) -> Price:
    """Return the model's price. Raises UnknownPrice."""
    try:
        row = settings.MODEL_PRICES_USD[model]
    except KeyError:
        raise UnknownPrice(
            f"The model {model!r} has no price, so its budget cannot be kept. Known: "
            f"{', '.join(settings.MODEL_PRICES_USD)} (as of {settings.MODEL_PRICES_AS_OF}). "
            "Set one of these, or add the price in config/settings/models.py."
        ) from None
    return Price(**{name: Decimal(usd) for name, usd in row.items()})


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
    tokens = -(-prompt_bytes // LEAST_BYTES_PER_TOKEN) + OWN_SYSTEM_TOKENS
    return cost_usd(model, Usage(cache_write_tokens=tokens, output_tokens=max_tokens))


def counted_bound_usd(model: str, *, input_tokens: int, max_tokens: int) -> Decimal:
    """Return the same bound from the API's own count of the prompt's tokens. Raises UnknownPrice."""
    tokens = int(input_tokens * COUNT_MARGIN) + 1
    return cost_usd(model, Usage(cache_write_tokens=tokens, output_tokens=max_tokens))
