"""The row of the bundled service, for a rehearsal on an installation of its own."""

from typing import Any

from evals.rehearsal import parcels
from incidents.choices import MergePolicy, Risk
from incidents.models import Service
from integrations.localgit.configured import local_git_host

# The most that the column holds.
NO_LIMIT = 32_767


def repository_import() -> str:
    """Make the bundled sources a repository of this installation's code host and return its head."""
    return parcels.repository_import(local_git_host())


def service_create(*, alarm_pattern: str, deployed: str, **fields: Any) -> Service:
    """Make the service that has the commit `deployed` in production, however often its fault is mended after that.

    Its fixes are merged by the platform, so that an incident runs through every stage.
    """
    chosen = {
        "deployed_ref": deployed,
        "name": "parcels-service",
        "repository": parcels.REPOSITORY,
        "alarm_patterns": [alarm_pattern],
        "merge_policy": MergePolicy.WHEN_GREEN,
        "approval_threshold": Risk.CRITICAL,
        "incidents_per_hour": NO_LIMIT,
        **fields,
    }
    return Service.objects.create(**chosen)
