"""Containers that only wait: whatever is to be done in them is executed there, within limits."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import docker
from docker.models.containers import Container

from sandbox.contract import WORK, Limits, SandboxUnavailable
from sandbox.runners.engine import container_remove, execute
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.sweep import ENDS_AT_LABEL, LABEL, OWNER_LABEL, owner_of_this_process
from sandbox.sources import Source, sources_tar

USER = "1000:1000"
COPY_SECONDS = 120
# What a run may write is split between the work directory and /tmp.
TMPFS_OPTIONS = "exec,nosuid,nodev,uid=1000,gid=1000,mode=0755"
# What tools may write to their caches among the dependencies.
CACHE_MIB = 128
# A container whose worker died ends by itself this long after its last possible command.
MARGIN_SECONDS = 300
MEBIBYTE = 1024 * 1024

TEST_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 - a tmpfs of the container
    "CI": "1",
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "FORCE_COLOR": "0",
}


@contextmanager
def container_made(
    client: docker.DockerClient,
    engine: EngineOptions,
    image: str,
    purpose: str,
    *,
    limits: Limits,
    seconds: float,
    repository: str = "",
    caches: Sequence[str] = (),
    user: str = USER,
    **options: Any,
) -> Iterator[Container]:
    """Yield a started container within the limits; remove it afterwards unless it got a name to keep."""
    lifetime_seconds = int(seconds) + MARGIN_SECONDS
    half_disk = limits.disk_mib // 2
    tmpfs = f"size={half_disk}m,{TMPFS_OPTIONS}"
    cache = f"size={CACHE_MIB}m,{TMPFS_OPTIONS}"
    container = client.containers.create(
        image,
        _idle(lifetime_seconds),
        labels={
            LABEL: purpose,
            f"{LABEL}.repository": repository,
            ENDS_AT_LABEL: str(int(time.time()) + lifetime_seconds),
            OWNER_LABEL: owner_of_this_process(),
        },
        user=user,
        working_dir=WORK,
        environment=TEST_ENVIRONMENT,
        read_only=True,
        tmpfs={
            WORK: tmpfs,
            "/tmp": tmpfs,  # noqa: S108 - a tmpfs of the container
            **{f"{WORK}/{directory}": cache for directory in caches},
        },
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        pids_limit=limits.processes,
        mem_limit=limits.memory_mib * MEBIBYTE,
        # Equal to the memory: no swap.
        memswap_limit=limits.memory_mib * MEBIBYTE,
        nano_cpus=int(limits.cpus * 1e9),
        ulimits=[
            docker.types.Ulimit(name="core", soft=0, hard=0),
            docker.types.Ulimit(name="fsize", soft=limits.file_mib * MEBIBYTE, hard=limits.file_mib * MEBIBYTE),
        ],
        runtime=engine.runtime or None,
        # Nothing reads the first process's output, and tests could fill the host's disk through it.
        log_config=docker.types.LogConfig(type="none"),
        **options,
    )
    given_name = str(container.name)
    try:
        container.start()
        yield container
    finally:
        # By its name and not its id: one that got a name to keep is not found any more.
        container_remove(client, given_name)


def copy_in(container: Container, sources: list[Source]) -> None:
    """Write the sources below the root of a running container. Raises SandboxUnavailable if they do not fit."""
    # Not the engine's own copying: it cannot write to a tmpfs or below a read-only root.
    with tempfile.TemporaryFile() as archive:
        sources_tar(sources, archive)
        archive.seek(0)
        copied = execute(
            container, ["tar", "-x", "-C", "/"], stdin=archive, wall_seconds=COPY_SECONDS, output_bytes=4096
        )
    if copied.exit_code != 0:
        raise SandboxUnavailable(
            f"the sources could not be copied into the sandbox (exit code {copied.exit_code}); "
            f"if they are too large, raise SANDBOX_DISK_MIB: {copied.text}"
        )


def _idle(seconds: int) -> list[str]:
    """Return a first process that only waits, adopts orphans, outlives their killing and ends by itself."""
    return ["sh", "-c", f"i=0; while [ $i -lt {seconds} ]; do sleep 1; i=$((i+1)); done"]
