"""The real APIs, asked once each and for cents: `make smoke-real`. A part without its keys is skipped."""

import os
from decimal import Decimal

import pytest
from django.conf import settings
from pydantic import BaseModel

from agents.runtime.brief import Brief
from agents.runtime.contract import Session
from agents.runtime.loop import run_agent
from agents.runtime.transcript import MemoryBudget, MemoryTranscript
from integrations.anthropic.client import messages_model
from integrations.codehosts import code_host
from integrations.langfuse.client import traces

pytestmark = pytest.mark.real

ENV = settings.ENV
needs_model = pytest.mark.skipif(ENV.anthropic_api_key is None, reason="ANTHROPIC_API_KEY is not set")
needs_github = pytest.mark.skipif(
    ENV.github_token is None and ENV.github_app_id is None, reason="neither GITHUB_TOKEN nor GITHUB_APP_ID is set"
)
needs_repository = pytest.mark.skipif(
    "SMOKE_REPOSITORY" not in os.environ, reason="SMOKE_REPOSITORY (owner/name that may be read) is not set"
)
needs_langfuse = pytest.mark.skipif(
    ENV.langfuse_public_key is None or ENV.langfuse_secret_key is None, reason="LANGFUSE_*_KEY are not set"
)


class Sum(BaseModel):
    value: int


@needs_model
@pytest.mark.parametrize("agent", ["triage", "diagnosis", "fix", "review", "monitor"])
def test_each_agents_model_hands_in_a_valid_output(agent: str) -> None:
    transcript = MemoryTranscript()
    budget = MemoryBudget(Decimal("0.10"), transcript)
    session = Session(messages_model(getattr(ENV, f"model_{agent}")), transcript, budget)
    brief = Brief(
        agent="sum",
        system="You add.",
        task="Hand in the sum of 19 and 23.",
        output=Sum,
        max_steps=2,
        max_tokens=300,
    )

    assert run_agent(brief, session) == Sum(value=42)
    assert 0 < transcript.spent_usd < Decimal("0.10")


@needs_github
@needs_repository
def test_a_repository_is_resolved_and_checked_out() -> None:
    repository = os.environ["SMOKE_REPOSITORY"]

    commit = code_host().resolve(repository, "HEAD")

    assert any(code_host().checkout(repository, commit).path.iterdir())


@needs_langfuse
def test_langfuse_accepts_the_keys() -> None:
    tracing = traces()

    assert tracing is not None
    assert tracing.accepts_keys()
