"""The code host of these tests: the real local one, over a small repository in the test's own folder."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from agents.tests.repositories import ORDERS
from integrations.codehosts import code_host
from integrations.localgit.configured import local_git_host
from integrations.localgit.host import ImportedCommit, LocalGitHost
from pipeline.tests.stories import CODEOWNERS, REPOSITORY


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalGitHost]:
    """The configured code host, with one repository of two commits."""
    here = {"data_dir": tmp_path, "github_token": None, "github_app_id": None}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=here))
    source = tmp_path / "source"
    for path, content in {**ORDERS, "CODEOWNERS": CODEOWNERS}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(content)
    local = local_git_host()
    local.repository_import(
        source,
        REPOSITORY,
        commits=[
            ImportedCommit("Ada", "ada@example.test", datetime(2026, 1, 2, tzinfo=UTC), "Begin", ["package.json"]),
            ImportedCommit(
                "Bo",
                "bo@example.test",
                datetime(2026, 1, 3, tzinfo=UTC),
                "Add totals",
                ["CODEOWNERS", *sorted(path for path in ORDERS if path.startswith(("src/", "tests/")))],
            ),
        ],
    )
    code_host.cache_clear()
    yield local
    code_host.cache_clear()
