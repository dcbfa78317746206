"""The sandbox of this installation: which runner, and why."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from django.conf import settings

from sandbox.contract import Limits, Sandbox, SandboxUnavailable
from sandbox.ecosystems.detect import IMAGES
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import engine_connect, engine_errors
from sandbox.runners.engine_options import EngineOptions, runtime_not_promised
from sandbox.runners.local import LocalSandbox

# Shipped with this product and read by its authors: their tests may run without isolation.
BUNDLED_REPOSITORIES = frozenset({"demo/orders-service", "rehearsal/parcels-service"})


@dataclass(frozen=True)
class Choice:
    """A runner and the sentence that tells a person which one it is and why."""

    sandbox: Sandbox
    why: str


def sandbox_for(
    *,
    runner: Literal["auto", "docker", "local"],
    docker_host: str | None,
    cache: Path,
    limits: Limits,
    allow_unisolated: bool,
    engine: EngineOptions | None = None,
    certificates: Path | None = None,
    bundled_repositories: frozenset[str] = BUNDLED_REPOSITORIES,
) -> Choice:
    """Return the runner to use: with `auto` the container engine if it answers and has the images.

    Raises SandboxUnavailable where `docker` is asked for and no engine answers.
    """
    engine = engine or EngineOptions()
    local = LocalSandbox(
        cache=cache,
        allowed_repositories=bundled_repositories,
        allow_unisolated=allow_unisolated,
        limits=limits,
        install_seconds=engine.install_seconds,
    )
    isolated = partial(DockerSandbox, limits=limits, engine=engine)
    if runner == "local":
        return Choice(local, "SANDBOX_RUNNER=local: tests run on this machine, NOT isolated")
    try:
        client = engine_connect(docker_host, certificates)
        with engine_errors("while looking for its runtime and images"):
            not_promised = runtime_not_promised(client.info(), engine.runtime)
            tags = {tag for image in client.images.list() for tag in image.tags}
    except SandboxUnavailable as error:
        if runner == "docker":
            raise
        return Choice(local, f"{error}: tests run on this machine, NOT isolated")
    missing = [image for image in IMAGES if image not in tags]
    if missing and runner == "auto":
        return Choice(
            local,
            f"the container engine has no image {missing[0]} (run 'manage.py build_sandbox_images'): "
            "tests run on this machine, NOT isolated",
        )
    why = "tests run in containers without network"
    if not_promised:
        why += f"; the engine's runtime does NOT keep {' and '.join(not_promised)}"
    return Choice(isolated(client, not_promised=not_promised), why)


def configured() -> Sandbox:
    """Return the sandbox that the settings ask for. Raises SandboxUnavailable."""
    return _choice().sandbox


def where_tests_run() -> tuple[str, bool]:
    """Return a sentence for whoever starts the platform, and whether all that a sandbox promises holds."""
    try:
        choice = _choice()
    except SandboxUnavailable as error:
        return f"nowhere: {error}", False
    return choice.why, not choice.sandbox.not_promised


def describe() -> str:
    """Return one sentence for people: where tests run, and whether isolated. Raises SandboxUnavailable."""
    return _choice().why


def _choice() -> Choice:
    env = settings.ENV
    return sandbox_for(
        runner=env.sandbox_runner,
        docker_host=env.docker_host,
        certificates=env.docker_certificates,
        cache=env.sandbox_cache_dir or env.data_dir / "sandbox" / "dependencies",
        limits=Limits(
            wall_seconds=env.sandbox_wall_seconds,
            memory_mib=env.sandbox_memory_mib,
            cpus=env.sandbox_cpus,
            processes=env.sandbox_processes,
            disk_mib=env.sandbox_disk_mib,
            file_mib=env.sandbox_file_mib,
            output_kib=env.sandbox_output_kib,
        ),
        engine=EngineOptions(
            runtime=env.sandbox_runtime,
            install_network=env.sandbox_install_network,
            kept_mib=env.sandbox_kept_mib,
            kept_days=env.sandbox_kept_days,
            service_memory_mib=env.sandbox_service_memory_mib,
            install_seconds=env.sandbox_install_seconds,
            install_mib=env.sandbox_install_mib,
        ),
        allow_unisolated=env.sandbox_allow_unisolated,
    )
