"""What the sandbox must know of a kind of repository."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.contract import Outcome


@dataclass(frozen=True)
class Install:
    """What an installation depends on and how it is done, in an empty directory that holds `files`.

    `files` are the only files of the repository that it sees, by path; `key` names its result. `lock_file` is the
    one that pins the versions, or empty: then the result is whatever was newest on that day.
    """

    files: Mapping[str, bytes]
    commands: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    lock_file: str = ""

    def key(self, runtime: str) -> str:
        """Return 32 hex digits that change with the files, the commands and `runtime` (its version or image)."""
        digest = hashlib.sha256()
        digest.update(json.dumps([runtime, self.commands, sorted(self.environment.items())]).encode())
        for path in sorted(self.files):
            digest.update(json.dumps([path, hashlib.sha256(self.files[path]).hexdigest()]).encode())
        return digest.hexdigest()[:32]


@dataclass(frozen=True)
class TestCommand:
    """The words to run in the work directory, after the lines of shell in `build`.

    `{report}` in them stands for the report's path, `{tools}` for the directory with the ecosystem's tools.
    """

    __test__ = False

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    build: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParsedReport:
    """Outcomes by "path::full name", and the messages of those that failed."""

    tests: dict[str, Outcome]
    failures: dict[str, str]


class Ecosystem(Protocol):
    """One test framework with its package manager; stateless."""

    # Stable: stored with each preparation and told to the model as the test framework.
    name: str
    # The image that runs it unless the service names another one.
    image: str
    # Top-level directory of the repository that the installation fills.
    dependency_directory: str
    # Directories below it that tools write their caches to; a run's own, and empty when it begins.
    caches: tuple[str, ...]
    # Prints the version that installed packages depend on.
    version_command: tuple[str, ...]
    # Files of ours that a run needs, by name: reporters for frameworks whose own report says too little.
    tools: Mapping[str, str]
    # No report tells single tests apart: the exit code of the command stands for all of them.
    is_by_exit_code: bool

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        """Return whether this repository's tests are of this kind."""
        ...

    def install(self, checkout: Path) -> Install:
        """Return how its dependencies are installed. Raises SandboxRefused where they cannot be."""
        ...

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        """Return the command that runs all tests and writes a report; `given` is the service's own or empty."""
        ...

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        """Return the command for the test files `files` (more may run), or `words` where it cannot be told so."""
        ...

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        """Return what the report says, or None if it is empty, cut off or not a report. Never raises.

        `root` is the directory the tests ran in: ids are relative to it.
        """
        ...
