"""A model that is paid for: the real client over HTTP, a script behind it, and the bill."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from pydantic import BaseModel

from core.model import Usage
from integrations.anthropic.client import messages_model
from integrations.anthropic.prices import cost_usd
from integrations.anthropic.script import Script
from integrations.anthropic.standin import StandIn

MODEL = "claude-haiku-4-5"


class Paid(StandIn):
    """The stand-in, with the usage of every reply that it billed."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.usages: list[Usage] = []

    def answer(self, headers: Mapping[str, str], body: Any) -> tuple[dict[str, Any], float]:
        reply, delay = super().answer(headers, body)
        usage = reply["usage"]
        self.usages.append(
            Usage(
                input_tokens=usage["input_tokens"],
                output_tokens=usage["output_tokens"],
                cache_write_tokens=usage["cache_creation_input_tokens"],
                cache_read_tokens=usage["cache_read_input_tokens"],
            )
        )
        return reply, delay

    @property
    def billed_usd(self) -> Decimal:
        return sum((cost_usd(MODEL, usage) for usage in self.usages), Decimal(0))

    def has_billed(self, cost: Decimal) -> bool:
        """Return whether `cost` is the bill; each row rounds to a millionth."""
        return cost > 0 and abs(cost - self.billed_usd) <= Decimal("0.000001") * len(self.usages)


def submits(answer: BaseModel, tool: str = "submit_triage") -> list[dict[str, Any]]:
    submission = {"type": "tool_use", "name": tool, "input": answer.model_dump(mode="json")}
    return [{"content": [submission]}]


@contextmanager
def model_at(script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paid]:
    with Paid(script) as standin:
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"anthropic_base_url": standin.url}))
        messages_model.cache_clear()
        yield standin
    messages_model.cache_clear()
