"""Benches: each a function that measures and returns a table and its figures, a ratio to a floor among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What a bench found: rows for people and one flat object for machines."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Mapping[str, Any]


Bench = Callable[[], Measured]
