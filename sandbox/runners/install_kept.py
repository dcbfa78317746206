"""Installations in a container: within their time and disk, and kept under a name only when they are whole."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from docker.errors import APIError
from docker.models.containers import Container

from sandbox.contract import WORK
from sandbox.ecosystems.contract import Install
from sandbox.runners.containers import copy_in
from sandbox.runners.engine import container_end, execute, processes_end
from sandbox.runners.engine_options import EngineOptions
from sandbox.runners.install_bound import bounded
from sandbox.runners.installing import INSTALL_OUTPUT_BYTES, install_failure
from sandbox.sources import Source, placed


def install_keep(
    make: Callable[..., AbstractContextManager[Container]],
    install: Install,
    *,
    directory: str,
    name: str,
    engine: EngineOptions,
) -> None:
    """Install into `directory` of a container that `make` makes, and keep it, stopped, as `name`.

    Raises SandboxUnavailable, and SandboxRefused for what cannot be installed or takes too much disk.
    """
    seconds = engine.install_seconds * len(install.commands)
    sources = placed([Source(path, content) for path, content in install.files.items()], WORK)
    with make("installing", seconds=seconds, volumes=[directory], **engine.for_installing()) as container:
        copy_in(container, sources)
        with bounded(
            container,
            directory,
            engine.install_mib,
            lambda **options: make("watching", seconds=seconds, **options),
        ):
            for command in install.commands:
                executed = execute(
                    container,
                    command,
                    environment=install.environment,
                    wall_seconds=engine.install_seconds,
                    output_bytes=INSTALL_OUTPUT_BYTES,
                )
                if executed.exit_code != 0 or executed.is_late:
                    code = None if executed.is_late else executed.exit_code
                    raise install_failure(
                        command, output=executed.text, exit_code=code, seconds=engine.install_seconds
                    )
            # What is measured and kept now stays as it is.
            processes_end(container)
        try:
            container.rename(name)
        except APIError as error:
            # 409: another worker finished the same installation first, and its result is as good.
            if error.status_code != 409:
                raise
        container_end(container)
