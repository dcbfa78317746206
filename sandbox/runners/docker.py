"""Tests in a container without network, capabilities, host mounts or a writable root."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import docker
from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from core.patch import Patch
from sandbox.contract import WORK, Limits, Prepared, RunReport, SandboxUnavailable
from sandbox.ecosystems.detect import detect, ecosystem_named
from sandbox.report_file import REPORT_LIMIT_BYTES
from sandbox.runners.beside import services_beside
from sandbox.runners.containers import container_made, copy_in
from sandbox.runners.engine import engine_errors, execute, processes_end
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.install_kept import install_keep
from sandbox.runners.kept import KEPT_NAME, kept_prune
from sandbox.runners.steps import Ended, how_it_ended, steps_run
from sandbox.runners.sweep import left_over_remove
from sandbox.services import IMAGE as SERVICES_IMAGE
from sandbox.services import surroundings_of
from sandbox.sources import Source, placed, sources_of

REPORT = "/tmp/report"  # noqa: S108 - a tmpfs of the container
TOOLS = "tmp/.agent-platform-tools"


class DockerSandbox:
    """Runs in containers of one engine.

    Installed dependencies are the volume of a stopped container named after lock file and image. It gets that name
    only when the installation is complete, so it is there whole or not at all, whichever worker dies. Runs mount
    the volume read-only where the repository expects it, below a work directory in memory.
    """

    name = "docker"
    is_isolated = True

    def __init__(
        self,
        client: docker.DockerClient,
        *,
        limits: Limits | None = None,
        engine: EngineOptions | None = None,
        not_promised: tuple[str, ...] = (),
    ) -> None:
        self.not_promised = not_promised
        self._client = client
        self._limits = limits or Limits()
        self._engine = engine or EngineOptions()
        self._make = partial(container_made, client, self._engine)
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
                install_keep(
                    partial(self._make, image_id, limits=self._limits, repository=repository),
                    install,
                    directory=f"{WORK}/{ecosystem.dependency_directory}",
                    name=name,
                    engine=self._engine,
                )
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
            self._make, SERVICES_IMAGE, "service", limits=self._service_limits, seconds=limits.wall_seconds
        )
        with (
            engine_errors("while running tests"),
            services_beside(prepared.services, service) as network,
            self._make(
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
            copy_in(container, [*placed(sources, WORK), *tools])
            return steps_run(
                _Running(container, limits),
                prepared,
                ecosystem,
                only=only,
                wall_seconds=limits.wall_seconds,
                runner=self.name,
            )

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
