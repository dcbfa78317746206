"""The bundled service of every rehearsal: its repository, its row, and the model turns that belong to it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from config.env import BASE_DIR
from incidents.choices import MergePolicy, Risk
from incidents.models import Service
from integrations.localgit.configured import local_git_host
from integrations.localgit.host import ImportedCommit

DIRECTORY = BASE_DIR / "evals" / "rehearsal"
MODEL_SCRIPT = DIRECTORY / "model_script.yaml"
SOURCES = DIRECTORY / "parcels-service"
REPOSITORY = "rehearsal/parcels-service"
# The most that the column holds.
NO_LIMIT = 32_767


def repository_import() -> str:
    """Make the bundled sources a repository of the local code host and return its head."""
    paths = sorted(str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*") if path.is_file())
    begin = ImportedCommit(
        author="Ada",
        email="ada@parcels.invalid",
        at=timezone.now().replace(microsecond=0) - timedelta(days=3),
        subject="Weigh orders",
        paths=paths,
    )
    return local_git_host().repository_import(SOURCES, REPOSITORY, commits=[begin])


def service_create(*, alarm_pattern: str, deployed: str, **fields: Any) -> Service:
    """Make the service that has the commit `deployed` in production, however often its fault is mended after that.

    Its fixes are merged by the platform, so that an incident runs through every stage.
    """
    chosen = {
        "deployed_ref": deployed,
        "name": "parcels-service",
        "repository": REPOSITORY,
        "alarm_patterns": [alarm_pattern],
        "merge_policy": MergePolicy.WHEN_GREEN,
        "approval_threshold": Risk.CRITICAL,
        "incidents_per_hour": NO_LIMIT,
        **fields,
    }
    return Service.objects.create(**chosen)
