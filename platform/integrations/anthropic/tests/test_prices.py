from decimal import Decimal

import pytest

from core.model import Usage
from integrations.anthropic.prices import UnknownPrice, cost_usd, upper_bound_usd


def test_each_kind_of_token_has_its_own_price() -> None:
    usage = Usage(
        input_tokens=1_000_000, output_tokens=100_000, cache_write_tokens=200_000, cache_read_tokens=3_000_000
    )

    assert cost_usd("claude-opus-4-6", usage) == Decimal(5) + Decimal("2.5") + Decimal("1.25") + Decimal("1.5")


def test_a_model_without_a_price_is_named_and_not_called() -> None:
    with pytest.raises(UnknownPrice, match=r"'claude-unheard-of' has no price.*claude-opus-4-6"):
        cost_usd("claude-unheard-of", Usage())


def test_the_bound_is_above_what_dense_text_costs() -> None:
    digits = "3f786850e387550fdab836ed7e6dc881de23001b" * 500
    # Hashes are the densest text that is sent: about two characters a token.
    dense = Usage(cache_write_tokens=len(digits) // 2, output_tokens=1000)

    bound = upper_bound_usd("claude-haiku-4-5", prompt_bytes=len(digits), max_tokens=1000)

    assert bound > cost_usd("claude-haiku-4-5", dense)
    assert bound < 2 * cost_usd("claude-haiku-4-5", dense)
