# What models cost, in US dollars for a million tokens: https://platform.claude.com/docs/en/about-claude/pricing,
# read on this day. Cache prices are no fixed multiple of the input price across models, so each is written out;
# cache writes are those kept for five minutes, the only ones we ask for. A model without a price is not called.
MODEL_PRICES_AS_OF = "2026-11-24"
MODEL_PRICES_USD = {
    "claude-opus-4-6": {"input": "5", "output": "25", "cache_write": "6.25", "cache_read": "0.50"},
    "claude-sonnet-4-6": {"input": "3", "output": "15", "cache_write": "3.75", "cache_read": "0.30"},
    "claude-haiku-4-5": {"input": "1", "output": "5", "cache_write": "1.25", "cache_read": "0.10"},
    "claude-haiku-4-5-20251001": {"input": "1", "output": "5", "cache_write": "1.25", "cache_read": "0.10"},
}
