"""Nothing with a secret in it goes to Langfuse."""

from collections.abc import Mapping
from typing import Any

from core.redact import redact


def masked(data: Any) -> Any:
    """Return `data` with every text in it redacted, keys included."""
    if isinstance(data, str):
        return redact(data)
    if isinstance(data, Mapping):
        return {masked(key): masked(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [masked(item) for item in data]
    return data
