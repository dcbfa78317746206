"""What a run of an evaluation is made of, in words that need no SDK."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    """A case; `id` is unique in the whole project of Langfuse, in whatever dataset."""

    id: str
    shown: Mapping[str, Any]
    expected: Mapping[str, Any]

    @property
    def digest(self) -> str:
        text = json.dumps([self.shown, self.expected], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Output:
    """One answer to an item, with what it was found to be worth."""

    item_id: str
    output: Mapping[str, Any]
    scores: Mapping[str, float | bool]


@dataclass(frozen=True)
class Total:
    """A figure over the whole run."""

    name: str
    value: float
    comment: str = ""
