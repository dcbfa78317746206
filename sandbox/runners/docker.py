"""Tests in a container without network, capabilities, host mounts or a writable root."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container

from core.patch import Patch
from sandbox.contract import WORK, Limits, Prepared, RunReport, SandboxUnavailable
from sandbox.ecosystems.contract import Ecosystem, Install
from sandbox.ecosystems.detect import detect, ecosystem_named
from sandbox.report_file import REPORT_LIMIT_BYTES, report_words
from sandbox.runners.engine import Executed, engine_errors, execute, processes_end
from sandbox.runners.installing import INSTALL_OUTPUT_BYTES, INSTALL_SECONDS, install_failure
from sandbox.runners.process import how_it_ended
from sandbox.sources import Source, sources_of, sources_tar

LABEL = "agent-platform.sandbox"
# Seconds since 1970 after which a container belongs to nobody.
ENDS_AT_LABEL = f"{LABEL}.ends-at"
KEPT_NAME = "agent-platform-dependencies-"
USER = "1000:1000"
REPORT = "/tmp/report"  # noqa: S108 - a tmpfs of the container
COPY_SECONDS = 120
# What a run may write is split between the work directory and /tmp.
TMPFS_OPTIONS = "exec,nosuid,nodev,uid=1000,gid=1000,mode=0755"
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

    def __init__(self, client: docker.DockerClient, *, limits: Limits | None = None) -> None:
        self._client = client
        self._limits = limits or Limits()

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        """Install in a container with network; any `repository` may run here."""
        started_at = time.monotonic()
        ecosystem = detect(checkout, test_command)
        sources_of(checkout, Patch(), dependency_directory=ecosystem.dependency_directory)
        install = ecosystem.install(checkout)
        command = ecosystem.test_command(checkout, test_command)
        with engine_errors("while preparing dependencies"):
            self._remove_left_over()
            image_id = self._image_id(image or ecosystem.image)
            name = f"{KEPT_NAME}{install.key(image_id)}"
            is_cached = self._exists(name)
            if not is_cached:
                self._install(install, ecosystem, image_id, name, repository)
        return Prepared(
            checkout=checkout,
            ecosystem=ecosystem.name,
            command=command.words,
            environment=dict(command.environment),
            runner=self.name,
            image=image_id,
            dependencies=name,
            is_isolated=self.is_isolated,
            from_cache=is_cached,
            seconds=time.monotonic() - started_at,
        )

    def run(self, prepared: Prepared, patch: Patch) -> RunReport:
        """Run in a new container, which is always removed."""
        if prepared.runner != self.name:
            raise SandboxUnavailable(
                f"this commit was prepared by the runner {prepared.runner!r}; prepare it again"
            )
        ecosystem = ecosystem_named(prepared.ecosystem)
        sources = sources_of(prepared.checkout, patch, dependency_directory=ecosystem.dependency_directory)
        with (
            engine_errors("while running tests"),
            self._container(
                prepared.image,
                "run",
                seconds=self._limits.wall_seconds,
                network_mode="none",
                volumes_from=[f"{prepared.dependencies}:ro"],
            ) as container,
        ):
            _copy_in(container, sources)
            executed = execute(
                container,
                report_words(prepared.command, REPORT),
                environment=prepared.environment,
                wall_seconds=self._limits.wall_seconds,
                output_bytes=self._limits.output_kib * 1024,
            )
            report = _read_report(container)
        return _run_report(ecosystem, executed, report)

    def _install(self, install: Install, ecosystem: Ecosystem, image: str, name: str, repository: str) -> None:
        with self._container(
            image,
            "installing",
            seconds=INSTALL_SECONDS * len(install.commands),
            volumes=[f"{WORK}/{ecosystem.dependency_directory}"],
            repository=repository,
        ) as container:
            _copy_in(container, [Source(path, content) for path, content in install.files.items()])
            for command in install.commands:
                executed = execute(
                    container, command, wall_seconds=INSTALL_SECONDS, output_bytes=INSTALL_OUTPUT_BYTES
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
        self, image: str, purpose: str, *, seconds: float, repository: str = "", **options: Any
    ) -> Iterator[Container]:
        """Yield a started container within the limits; remove it afterwards unless it got a name to keep."""
        limits = self._limits
        lifetime_seconds = int(seconds) + MARGIN_SECONDS
        half_disk = limits.disk_mib // 2
        tmpfs = f"size={half_disk}m,{TMPFS_OPTIONS}"
        container = self._client.containers.create(
            image,
            _idle(lifetime_seconds),
            labels={
                LABEL: purpose,
                f"{LABEL}.repository": repository,
                ENDS_AT_LABEL: str(int(time.time()) + lifetime_seconds),
            },
            user=USER,
            working_dir=WORK,
            environment=TEST_ENVIRONMENT,
            read_only=True,
            tmpfs={WORK: tmpfs, "/tmp": tmpfs},  # noqa: S108 - a tmpfs of the container
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=limits.processes,
            mem_limit=limits.memory_mib * MEBIBYTE,
            # Equal to the memory: no swap.
            memswap_limit=limits.memory_mib * MEBIBYTE,
            nano_cpus=int(limits.cpus * 1e9),
            ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0)],
            # Nothing reads the first process's output, and tests could fill the host's disk through it.
            log_config=docker.types.LogConfig(type="none"),
            **options,
        )
        given_name = container.name
        try:
            container.start()
            yield container
        finally:
            container.reload()
            if container.name == given_name:
                container.remove(force=True, v=True)

    def _remove_left_over(self) -> None:
        """Remove containers whose worker died: those without a name to keep that should have ended long ago."""
        for container in self._client.containers.list(all=True, filters={"label": ENDS_AT_LABEL}):
            is_kept = str(container.name).startswith(KEPT_NAME)
            if not is_kept and float(container.labels[ENDS_AT_LABEL]) < time.time():
                container.remove(force=True, v=True)

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
            container, ["tar", "-x", "-C", WORK], stdin=archive, wall_seconds=COPY_SECONDS, output_bytes=4096
        )
    if copied.exit_code != 0:
        raise SandboxUnavailable(
            f"the sources could not be copied into the sandbox (exit code {copied.exit_code}); "
            f"if they are too large, raise SANDBOX_DISK_MIB: {copied.text}"
        )


def _read_report(container: Container) -> bytes | None:
    """Return the report's bytes, or None where there is none (or the container died with the run)."""
    container.reload()
    # Nothing of the run may still be there to change the file while it is read.
    if container.status != "running" or not processes_end(container):
        return None
    script = f'[ -f "$0" ] && [ ! -L "$0" ] && exec head -c {REPORT_LIMIT_BYTES + 1} "$0"'
    # Head and tail together hold twice their half: nothing of a report within the limit is left out.
    read = execute(
        container, ["sh", "-c", script, REPORT], wall_seconds=30, output_bytes=2 * (REPORT_LIMIT_BYTES + 1)
    )
    if read.exit_code != 0 or read.is_late or len(read.output) > REPORT_LIMIT_BYTES:
        return None
    return read.output


def _run_report(ecosystem: Ecosystem, executed: Executed, report: bytes | None) -> RunReport:
    parsed = ecosystem.parse_report(report, root=WORK) if report is not None else None
    # A container that is gone was killed for its memory.
    exit_code = 137 if executed.exit_code is None else executed.exit_code
    return RunReport(
        exit_code=exit_code,
        tests=parsed.tests if parsed else None,
        output=executed.text,
        failures=parsed.failures if parsed else {},
        seconds=executed.seconds,
        ended="timed_out" if executed.is_late else how_it_ended(exit_code),
        runner=DockerSandbox.name,
    )
