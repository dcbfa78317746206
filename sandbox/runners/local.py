"""Tests on this machine, without isolation: for the bundled repositories, and where somebody allowed more."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core.patch import Patch
from sandbox.contract import WORK, Limits, Prepared, RunReport, SandboxRefused, SandboxUnavailable
from sandbox.ecosystems.contract import Ecosystem, Install
from sandbox.ecosystems.detect import detect, ecosystem_named
from sandbox.ecosystems.node.framework import MONGOD
from sandbox.report_file import REPORT_LIMIT_BYTES
from sandbox.runners.engine_options import INSTALL_SECONDS
from sandbox.runners.installing import INSTALL_OUTPUT_BYTES, install_failure
from sandbox.runners.local_cache import DependencyCache, link_tree
from sandbox.runners.process import command_run, thread_count
from sandbox.runners.steps import Ended, steps_run
from sandbox.services import surroundings_of
from sandbox.sources import Source, sources_of, sources_write

# What an installation may know of this process: how to reach the registries, and no secret of ours.
INSTALL_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "HOME")
INSTALL_PREFIXES = ("npm_config_registry", "npm_config_cafile", "PIP_")


# What only a container keeps from a run; each has a test that fails here, so the list is neither short nor long.
NOT_PROMISED: tuple[str, ...] = (
    "no network",
    "no sight of this machine's files and processes",
    "no writing outside the work directory and /tmp",
    "a limit on memory and processes of the run as a whole",
    "a limit on all that it writes",
    "dependencies that the superuser cannot change",
    "servers of its own beside the tests",
)


class LocalSandbox:
    """Runs on this machine with resource limits, a clean environment and a wall clock; no isolation."""

    name = "local"
    is_isolated = False
    not_promised = NOT_PROMISED

    def __init__(
        self,
        *,
        cache: Path,
        allowed_repositories: frozenset[str],
        allow_unisolated: bool = False,
        limits: Limits | None = None,
        install_seconds: int = INSTALL_SECONDS,
    ) -> None:
        self._cache = DependencyCache(cache)
        self._allowed_repositories = allowed_repositories
        self._allow_unisolated = allow_unisolated
        self._limits = limits or Limits()
        self._install_seconds = install_seconds

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        """Install into the cache; `image` does not matter here. Raises SandboxRefused for other repositories."""
        if not self._allow_unisolated and repository not in self._allowed_repositories:
            raise SandboxRefused(
                f"the tests of {repository!r} would run on this machine without isolation, which is refused. Set "
                "DOCKER_HOST to a container engine, or SANDBOX_ALLOW_UNISOLATED=1 if you trust this repository."
            )
        started_at = time.monotonic()
        ecosystem = detect(checkout, test_command)
        sources_of(checkout, Patch(), dependency_directory=ecosystem.dependency_directory)
        install = ecosystem.install(checkout)
        command = ecosystem.test_command(checkout, test_command)
        around = surroundings_of(checkout)
        if around.services:
            raise SandboxRefused(
                f"the tests need {', '.join(around.services)} beside them, which only a container engine can give "
                "each run for itself: set DOCKER_HOST."
            )
        key = install.key(self._runtime(ecosystem))
        directory, is_cached = self._cache.get(key, lambda into: self._install(install, ecosystem, into))
        return Prepared(
            checkout=checkout,
            ecosystem=ecosystem.name,
            command=command.words,
            environment=_usable({**command.environment, **around.environment}),
            build=command.build,
            lock_file=install.lock_file,
            runner=self.name,
            dependencies=str(directory / ecosystem.dependency_directory),
            is_isolated=self.is_isolated,
            from_cache=is_cached,
            seconds=time.monotonic() - started_at,
        )

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        """Run on copies in a temporary directory, which is always removed."""
        if prepared.runner != self.name or not Path(prepared.dependencies).is_dir():
            raise SandboxUnavailable(
                f"{prepared.dependencies!r} ({prepared.runner}) is not in the cache of dependencies; prepare again"
            )
        ecosystem = ecosystem_named(prepared.ecosystem)
        sources = sources_of(prepared.checkout, patch, dependency_directory=ecosystem.dependency_directory)
        limits = self._limits.with_room(room)
        with _temporary_directory() as place:
            work, home, tools = place / "work", place / "home", place / "tools"
            for directory in (work, home, tools):
                directory.mkdir()
            sources_write(sources, work)
            sources_write([Source(name, text.encode()) for name, text in ecosystem.tools.items()], tools)
            link_tree(Path(prepared.dependencies), work / ecosystem.dependency_directory)
            return steps_run(
                _Directory(work, home, limits),
                prepared,
                ecosystem,
                only=only,
                wall_seconds=limits.wall_seconds,
                runner=self.name,
            )

    def _install(self, install: Install, ecosystem: Ecosystem, into: Path) -> None:
        for path, content in install.files.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_bytes(content)
        for command in install.commands:
            ended = command_run(
                command,
                directory=into,
                environment={**_install_environment(), **install.environment},
                limits={"RLIMIT_CORE": 0},
                wall_seconds=self._install_seconds,
                output_bytes=INSTALL_OUTPUT_BYTES,
            )
            if ended.exit_code != 0:
                code = None if ended.ended == "timed_out" else ended.exit_code
                raise install_failure(command, output=ended.output, exit_code=code, seconds=self._install_seconds)
        (into / ecosystem.dependency_directory).mkdir(exist_ok=True)

    def _runtime(self, ecosystem: Ecosystem) -> str:
        if shutil.which(ecosystem.version_command[0]) is None:
            raise SandboxUnavailable(
                f"{ecosystem.version_command[0]!r} is not installed, and {ecosystem.name} tests need it. "
                "Install it, or set DOCKER_HOST to a container engine."
            )
        with _temporary_directory() as place:
            ended = command_run(
                ecosystem.version_command,
                directory=place,
                environment=_test_environment(place),
                limits={},
                wall_seconds=30,
                output_bytes=1024,
            )
        return f"{os.uname().sysname} {os.uname().machine} {ended.output.strip()}"


class _Directory:
    """The place of one run: a directory with the sources beside a home of its own."""

    def __init__(self, work: Path, home: Path, limits: Limits) -> None:
        self.root = str(work)
        self.report = str(work.parent / "report")
        self.tools = str(work.parent / "tools")
        self._home = home
        self._limits = limits

    def execute(self, words: Sequence[str], *, environment: Mapping[str, str], wall_seconds: float) -> Ended:
        ended = command_run(
            words,
            directory=Path(self.root),
            environment={**_test_environment(self._home), **environment},
            limits=self._resource_limits(),
            wall_seconds=wall_seconds,
            output_bytes=self._limits.output_kib * 1024,
        )
        return replace(ended, output=ended.output.replace(self.root, WORK))

    def read_report(self) -> bytes | None:
        file = Path(self.report)
        if file.is_symlink() or not file.is_file() or file.stat().st_size > REPORT_LIMIT_BYTES:
            return None
        return file.read_bytes()

    def _resource_limits(self) -> dict[str, int]:
        limits = self._limits
        mebibyte = 1024 * 1024
        return {
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": int(limits.wall_seconds * limits.cpus) + 1,
            "RLIMIT_FSIZE": min(limits.disk_mib, limits.file_mib) * mebibyte,
            # Not RLIMIT_AS: V8 reserves far more address space than it ever writes to.
            "RLIMIT_DATA": limits.memory_mib * mebibyte,
            "RLIMIT_NPROC": thread_count(os.getuid()) + limits.processes,
        }


def _usable(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without what points at a program of our images that this machine does not have."""
    return {name: value for name, value in environment.items() if value != MONGOD or Path(MONGOD).is_file()}


@contextmanager
def _temporary_directory() -> Iterator[Path]:
    """Yield a directory outside our own repository, in which tools would find our settings."""
    # realpath, because tools report real paths (/tmp is a link on macOS) and ids are made relative to this one.
    place = Path(os.path.realpath(tempfile.mkdtemp(prefix="agent-platform-sandbox-")))
    try:
        yield place
    finally:
        # A test may have taken away permissions on its own directories.
        shutil.rmtree(place, onerror=_make_removable)


def _make_removable(function: object, path: str, _failure: object) -> None:
    parent = Path(path).parent
    parent.chmod(0o700)
    found = Path(path)
    if found.is_dir() and not found.is_symlink():
        found.chmod(0o700)
        shutil.rmtree(found)
    else:
        found.unlink(missing_ok=True)


def _test_environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "HOME": str(home),
        "TMPDIR": str(home),
        # Without CI Jest writes missing snapshots and passes.
        "CI": "1",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "FORCE_COLOR": "0",
    }


def _install_environment() -> dict[str, str]:
    known = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in INSTALL_VARIABLES or name.startswith(INSTALL_PREFIXES)
    }
    return {"PATH": os.pathsep.join(os.get_exec_path()), "LANG": "C.UTF-8", **known}
