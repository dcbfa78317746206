"""The deliveries that the webhook's tests send, held against GitHub's own schema of the event."""

import json
from typing import Any

import pytest

from config.env import BASE_DIR
from integrations.github.tests.described import webhook_problems

SAMPLE = BASE_DIR / "incidents" / "webhooks" / "tests" / "samples" / "pull_request.closed.unmerged.json"
MERGED = {"merged": True, "merge_commit_sha": "a" * 40, "merged_at": "2026-01-01T00:00:00Z"}


def delivery(**changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(SAMPLE.read_text())
    payload["pull_request"].update(changes)
    return payload


@pytest.mark.parametrize("changes", [{}, MERGED], ids=["closed", "merged"])
def test_a_delivery_is_what_github_sends(changes: dict[str, Any]) -> None:
    merged_by = {"merged_by": delivery()["sender"]} if changes else {}

    assert webhook_problems(delivery(**changes, **merged_by), "pull_request$closed") == []


def test_the_schema_refuses_what_github_does_not_send() -> None:
    assert webhook_problems(delivery(state="merged"), "pull_request$closed")
