"""The code host of these tests: the real local one, over a small repository in the test's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from integrations.codehosts import code_host
from integrations.localgit.configured import local_git_host
from integrations.localgit.host import LocalGitHost
from pipeline import sweeper
from pipeline.tests.merged_incident import endpoint as endpoint
from pipeline.tests.merged_incident import production as production
from pipeline.tests.stories import orders_import


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids that the sweeper nudges: nothing reaches a queue that another test's worker reads."""
    ids: list[int] = []

    def nudge_now(_task_name: str, incident_id: int) -> bool:
        ids.append(incident_id)
        return True

    monkeypatch.setattr(sweeper, "nudge_now", nudge_now)
    return ids


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalGitHost]:
    """The configured code host, with one repository of two commits."""
    here = {"data_dir": tmp_path, "github_token": None, "github_app_id": None}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=here))
    local = local_git_host()
    orders_import(local, tmp_path / "source")
    code_host.cache_clear()
    yield local
    code_host.cache_clear()
