"""Containers that nobody waits for any more: their worker was killed, or the engine was restarted under them."""

import os
import socket
import time
from pathlib import Path

import docker
from docker.models.containers import Container

from sandbox.runners.engine import container_remove
from sandbox.runners.kept import KEPT_NAME

LABEL = "agent-platform.sandbox"
# Seconds since 1970 after which a container belongs to nobody.
ENDS_AT_LABEL = f"{LABEL}.ends-at"
# "host boot pid start": the process that made it, named so that a later one with its number is another.
OWNER_LABEL = f"{LABEL}.owner"


def left_over_remove(client: docker.DockerClient) -> int:
    """Remove what killed workers and a restarted engine left, and return how many containers that were."""
    removed = 0
    for container in client.containers.list(all=True, filters={"label": ENDS_AT_LABEL}, ignore_removed=True):
        if str(container.name).startswith(KEPT_NAME) or not _is_left_over(container):
            continue
        removed += container_remove(client, str(container.id))
    return removed


def owner_of_this_process() -> str:
    """Return what the containers of this process carry."""
    return " ".join((socket.gethostname(), _boot(), str(os.getpid()), _started(os.getpid())))


def _is_left_over(container: Container) -> bool:
    if float(container.labels[ENDS_AT_LABEL]) < time.time():
        return True
    # A container of ours ends only by being killed, and whoever still waits for it takes its absence for the same.
    if container.status in {"exited", "dead"}:
        return True
    return _is_dead(container.labels.get(OWNER_LABEL, ""))


def _is_dead(owner: str) -> bool:
    """Return whether the owner was a process of this machine and is gone; of others nothing is known."""
    host, _, rest = owner.partition(" ")
    boot, _, process = rest.partition(" ")
    pid, _, started = process.partition(" ")
    if host != socket.gethostname() or not boot or boot != _boot():
        return False
    return _started(int(pid)) != started


def _boot() -> str:
    """Return what tells this boot of the kernel from others; empty where it is not to be had."""
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text().strip() if file.exists() else ""


def _started(pid: int) -> str:
    """Return when the process started, in clock ticks since boot, or an empty string if there is none."""
    try:
        # The name, in parentheses, may hold anything; the start is the 20th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
