"""Installed dependencies that wait for the next run: how long, and how much of them."""

import time
from dataclasses import dataclass

import docker
import structlog
from docker.errors import APIError

from sandbox.runners.engine import container_remove
from sandbox.runners.engine_options import EngineOptions

logger = structlog.get_logger(__name__)

KEPT_NAME = "agent-platform-dependencies-"
DAY_SECONDS = 86_400
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """One installation that is kept on the engine."""

    name: str
    bytes: int
    made_at: float


def too_many(items: list[Kept], options: EngineOptions, *, now: float, spared: str) -> list[Kept]:
    """Return those to remove: the too old, and the oldest of the rest until they fit; never `spared`."""
    others = sorted((item for item in items if item.name != spared), key=lambda item: item.made_at)
    old = [item for item in others if now - item.made_at > options.kept_days * DAY_SECONDS]
    total = sum(item.bytes for item in items) - sum(item.bytes for item in old)
    removed = list(old)
    for item in others[len(old) :]:
        if total <= options.kept_mib * MEBIBYTE:
            break
        removed.append(item)
        total -= item.bytes
    return removed


def kept_prune(client: docker.DockerClient, options: EngineOptions, *, spared: str) -> list[str]:
    """Remove what is too old or too much and return its names; `spared` was just made.

    A run that was about to use one of them finds it gone, is prepared again and installs again.
    """
    try:
        items = kept(client)
    except APIError as error:
        # The engine stumbles over what is removed while it counts, and some refuse to count for two at a time; the
        # next installation counts again.
        logger.info("sandbox.not_pruned", error=str(error))
        return []
    surplus = too_many(items, options, now=time.time(), spared=spared)
    return [item.name for item in surplus if container_remove(client, item.name)]


def kept(client: docker.DockerClient) -> list[Kept]:
    """Return what is kept on the engine."""
    usage = client.df()
    sizes = {volume["Name"]: volume["UsageData"]["Size"] for volume in usage["Volumes"] or ()}
    found = []
    for container in usage["Containers"] or ():
        name = container["Names"][0].lstrip("/")
        if name.startswith(KEPT_NAME):
            volumes = [mount["Name"] for mount in container["Mounts"] if mount.get("Name")]
            size = sum(sizes.get(volume, 0) for volume in volumes)
            found.append(Kept(name, size, float(container["Created"])))
    return found
