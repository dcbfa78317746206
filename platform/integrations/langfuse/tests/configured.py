"""Settings that name a Langfuse, for one test."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from pydantic import SecretStr

from integrations.langfuse.client import traces

Configure = Callable[[str], None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Send to an address, with keys that no other test has: the SDK keeps one exporter for each key."""

    def to(url: str) -> None:
        keys = {
            "langfuse_public_key": SecretStr(f"pk-{uuid.uuid4()}"),
            "langfuse_secret_key": SecretStr("sk-langfuse-of-a-test-1"),
            "langfuse_base_url": url,
        }
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=keys))
        traces.cache_clear()

    yield to
    traces.cache_clear()
