"""Both runners behind one door, for tests that each of them must pass."""

from dataclasses import dataclass
from pathlib import Path

import docker
from django.conf import settings

from core.patch import Patch
from sandbox.contract import Limits, RunReport, Sandbox
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.local import LocalSandbox
from sandbox.tests.repositories import TEST_COMMAND, node_repository


def contained(client: docker.DockerClient, limits: Limits) -> DockerSandbox:
    """Return the container runner, with the runtime that SANDBOX_RUNTIME names: the suite is for every runtime."""
    return DockerSandbox(client, limits=limits, engine=EngineOptions(runtime=settings.ENV.sandbox_runtime))


QUICK = Limits(wall_seconds=20, memory_mib=1024, disk_mib=256)


@dataclass(frozen=True)
class Runner:
    """One of the runners, and where its test may put things."""

    name: str
    place: Path
    cache: Path
    client: docker.DockerClient | None

    def sandbox(self, limits: Limits = QUICK) -> Sandbox:
        if self.client is not None:
            return contained(self.client, limits)
        return LocalSandbox(cache=self.cache, allowed_repositories=frozenset({"demo/tiny"}), limits=limits)

    def repository(self, files: dict[str, str]) -> Path:
        return node_repository(self.place / "repository", files)

    def run(self, files: dict[str, str], patch: Patch | None = None, limits: Limits = QUICK) -> RunReport:
        """Prepare a tiny repository with `files` and run its tests with `patch`."""
        return self.run_checkout(self.repository(files), patch, limits)

    def run_checkout(self, checkout: Path, patch: Patch | None = None, limits: Limits = QUICK) -> RunReport:
        sandbox = self.sandbox(limits)
        prepared = sandbox.prepare(checkout, repository="demo/tiny", test_command=TEST_COMMAND)
        return sandbox.run(prepared, patch or Patch())
