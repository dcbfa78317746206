"""Tests in a container without network, capabilities, host mounts or a writable root."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container

from core.patch import Patch
from sandbox.contract import WORK, Limits, Prepared, RunReport, SandboxUnavailable
from sandbox.ecosystems.contract import Ecosystem, Install
from sandbox.ecosystems.detect import detect, ecosystem_named
from sandbox.report_file import REPORT_LIMIT_BYTES
from sandbox.runners.beside import services_beside
from sandbox.runners.engine import container_remove, engine_errors, execute, processes_end
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.installing import INSTALL_OUTPUT_BYTES, INSTALL_SECONDS, install_failure
from sandbox.runners.kept import KEPT_NAME, kept_prune
from sandbox.runners.steps import Ended, how_it_ended, steps_run
from sandbox.runners.sweep import ENDS_AT_LABEL, LABEL, OWNER_LABEL, left_over_remove, owner_of_this_process
from sandbox.services import IMAGE as SERVICES_IMAGE
from sandbox.services import surroundings_of
from sandbox.sources import Source, placed, sources_of, sources_tar

USER = "1000:1000"
REPORT = "/tmp/report"  # noqa: S108 - a tmpfs of the container
TOOLS = "tmp/.agent-platform-tools"
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


class DockerSandbox:
    """Runs in containers of one engine.

    Installed dependencies are the volume of a stopped container named after lock file and image. It gets that name
    only when the installation is complete, so it is there whole or not at all, whichever worker dies. Runs mount
    the volume read-only where the repository expects it, below a work directory in memory.
    """

    name = "docker"
    is_isolated = True
    not_promised: tuple[str, ...] = ()

    def __init__(
        self, client: docker.DockerClient, *, limits: Limits | None = None, engine: EngineOptions | None = None
    ) -> None:
        self._client = client
        self._limits = limits or Limits()
        self._engine = engine or EngineOptions()
        self._service_limits = self._limits.model_copy(
            update={"memory_mib": self._engine.service_memory_mib, "disk_mib": self._engine.service_memory_mib}
        )

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        """Install in a container with network; any `repository` may run here."""
        started_at = time.monotonic()
        ecosystem = detect(checkout, test_command)
        sources_of(checkout, Patch(), dependency_directory=ecosystem.dependency_directory)
        install = ecosystem.install(checkout)
        command = ecosystem.test_command(checkout, test_command)
        around = surroundings_of(checkout)
        with engine_errors("while preparing dependencies"):
            left_over_remove(self._client)
            if around.services:
                self._image_id(SERVICES_IMAGE)
            image_id = self._image_id(image or ecosystem.image)
            name = f"{KEPT_NAME}{install.key(image_id)}"
            is_cached = self._exists(name)
            if not is_cached:
                self._install(install, ecosystem, image_id, name, repository)
                kept_prune(self._client, self._engine, spared=name)
        return Prepared(
            checkout=checkout,
            ecosystem=ecosystem.name,
            command=command.words,
            environment={**command.environment, **around.environment},
            build=command.build,
            services=around.services,
            lock_file=install.lock_file,
            runner=self.name,
            image=image_id,
            dependencies=name,
            is_isolated=self.is_isolated,
            from_cache=is_cached,
            seconds=time.monotonic() - started_at,
        )

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        """Run in a new container, which is always removed."""
        if prepared.runner != self.name:
            raise SandboxUnavailable(
                f"this commit was prepared by the runner {prepared.runner!r}; prepare it again"
            )
        ecosystem = ecosystem_named(prepared.ecosystem)
        sources = sources_of(prepared.checkout, patch, dependency_directory=ecosystem.dependency_directory)
        limits = self._limits.with_room(room)
        service = partial(
            self._container, SERVICES_IMAGE, "service", limits=self._service_limits, seconds=limits.wall_seconds
        )
        with (
            engine_errors("while running tests"),
            services_beside(prepared.services, service) as network,
            self._container(
                prepared.image,
                "run",
                limits=limits,
                seconds=limits.wall_seconds,
                **network,
                volumes_from=[f"{prepared.dependencies}:ro"],
                caches=ecosystem.caches,
            ) as container,
        ):
            tools = [Source(f"{TOOLS}/{name}", text.encode()) for name, text in ecosystem.tools.items()]
            _copy_in(container, [*placed(sources, WORK), *tools])
            return steps_run(
                _Running(container, limits),
                prepared,
                ecosystem,
                only=only,
                wall_seconds=limits.wall_seconds,
                runner=self.name,
            )

    def _install(self, install: Install, ecosystem: Ecosystem, image: str, name: str, repository: str) -> None:
        with self._container(
            image,
            "installing",
            limits=self._limits,
            seconds=INSTALL_SECONDS * len(install.commands),
            volumes=[f"{WORK}/{ecosystem.dependency_directory}"],
            repository=repository,
            **self._engine.for_installing(),
        ) as container:
            _copy_in(container, placed([Source(path, content) for path, content in install.files.items()], WORK))
            for command in install.commands:
                executed = execute(
                    container,
                    command,
                    environment=install.environment,
                    wall_seconds=INSTALL_SECONDS,
                    output_bytes=INSTALL_OUTPUT_BYTES,
                )
                if executed.exit_code != 0 or executed.is_late:
                    code = None if executed.is_late else executed.exit_code
                    raise install_failure(command, output=executed.text, exit_code=code)
            try:
                container.rename(name)
            except APIError as error:
                # 409: another worker finished the same installation first, and its result is as good.
                if error.status_code != 409:
                    raise
            container.kill()

    @contextmanager
    def _container(
        self,
        image: str,
        purpose: str,
        *,
        limits: Limits,
        seconds: float,
        repository: str = "",
        caches: Sequence[str] = (),
        **options: Any,
    ) -> Iterator[Container]:
        """Yield a started container within the limits; remove it afterwards unless it got a name to keep."""
        lifetime_seconds = int(seconds) + MARGIN_SECONDS
        half_disk = limits.disk_mib // 2
        tmpfs = f"size={half_disk}m,{TMPFS_OPTIONS}"
        cache = f"size={CACHE_MIB}m,{TMPFS_OPTIONS}"
        container = self._client.containers.create(
            image,
            _idle(lifetime_seconds),
            labels={
                LABEL: purpose,
                f"{LABEL}.repository": repository,
                ENDS_AT_LABEL: str(int(time.time()) + lifetime_seconds),
                OWNER_LABEL: owner_of_this_process(),
            },
            user=USER,
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
                docker.types.Ulimit(
                    name="fsize", soft=limits.file_mib * MEBIBYTE, hard=limits.file_mib * MEBIBYTE
                ),
            ],
            runtime=self._engine.runtime or None,
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
            container_remove(self._client, given_name)

    def _image_id(self, image: str) -> str:
        try:
            return str(self._client.images.get(image).id)
        except ImageNotFound as error:
            raise SandboxUnavailable(
                f"the engine has no image {image!r}; run 'manage.py build_sandbox_images', or pull it there"
            ) from error

    def _exists(self, name: str) -> bool:
        try:
            self._client.containers.get(name)
        except NotFound:
            return False
        return True


def _idle(seconds: int) -> list[str]:
    """Return a first process that only waits, adopts orphans, outlives their killing and ends by itself."""
    return ["sh", "-c", f"i=0; while [ $i -lt {seconds} ]; do sleep 1; i=$((i+1)); done"]


def _copy_in(container: Container, sources: list[Source]) -> None:
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


class _Running:
    """The place of one run: a started container."""

    root, report, tools = WORK, REPORT, f"/{TOOLS}"

    def __init__(self, container: Container, limits: Limits) -> None:
        self._container = container
        self._limits = limits

    def execute(self, words: Sequence[str], *, environment: Mapping[str, str], wall_seconds: float) -> Ended:
        executed = execute(
            self._container,
            words,
            environment=environment,
            wall_seconds=wall_seconds,
            output_bytes=self._limits.output_kib * 1024,
        )
        # A container that is gone was killed for its memory.
        exit_code = 137 if executed.exit_code is None else executed.exit_code
        how = "timed_out" if executed.is_late else how_it_ended(exit_code)
        return Ended(exit_code, executed.text, executed.seconds, how)

    def read_report(self) -> bytes | None:
        # Nothing of the run may still be there to change the file while it is read.
        if not processes_end(self._container):
            return None
        script = f'[ -f "$0" ] && [ ! -L "$0" ] && exec head -c {REPORT_LIMIT_BYTES + 1} "$0"'
        # Head and tail together hold twice their half: nothing of a report within the limit is left out.
        read = execute(
            self._container,
            ["sh", "-c", script, REPORT],
            wall_seconds=30,
            output_bytes=2 * (REPORT_LIMIT_BYTES + 1),
        )
        if read.exit_code != 0 or read.is_late or len(read.output) > REPORT_LIMIT_BYTES:
            return None
        return read.output
