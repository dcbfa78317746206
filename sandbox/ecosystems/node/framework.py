"""What every JavaScript test framework shares: how it is recognised, installed and called."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.ecosystems.command_line import CommandLine, command_lines
from sandbox.ecosystems.contract import Install, ParsedReport, TestCommand
from sandbox.ecosystems.node.install import packages_install
from sandbox.ecosystems.node.package import FILE, Package, package_read
from sandbox.ecosystems.node.script import Found, build_lines, is_named, runner_find
from sandbox.ecosystems.plain_report import plain_report_parse

IMAGE = "agent-platform/sandbox-node:latest"
BIN = "node_modules/.bin"
TOOLS = Path(__file__).parent / "tools"
# Where the node image has its database server; set only for repositories that would download one.
MONGOD = "/usr/local/bin/mongod"
MONGO_ENVIRONMENT = {"MONGOMS_SYSTEM_BINARY": MONGOD, "MONGOMS_SYSTEM_BINARY_VERSION_CHECK": "false"}


class NodeFramework(ABC):
    """One framework; a subclass says how its command is completed and its report read."""

    # Also the program's name in node_modules/.bin and the package that holds it.
    name = ""
    image = IMAGE
    dependency_directory = "node_modules"
    caches: tuple[str, ...] = ("node_modules/.cache", "node_modules/.vite", "node_modules/.vite-temp")
    version_command: tuple[str, ...] = ("node", "--version")
    tools: Mapping[str, str] = {}
    is_by_exit_code = False

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        if not (checkout / FILE).is_file():
            return False
        package = package_read(checkout)
        if test_command or self._found(package, "") is not None:
            return self._found(package, test_command) is not None
        # A runner that the script names says more than a package that happens to be installed.
        return self.is_installed(package) and not names_another(package.test_script, self.name)

    def is_installed(self, package: Package) -> bool:
        return self.name in package.named

    def is_runner(self, line: CommandLine) -> bool:
        return is_named(line, self.name)

    def install(self, checkout: Path) -> Install:
        install = packages_install(checkout, package_read(checkout))
        # What a run mounts over must be there.
        return replace(install, commands=(*install.commands, ("mkdir", "-p", *self.caches)))

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        package = package_read(checkout)
        script = runner_find(package.test_script, package.scripts, self.is_runner)
        chosen = self._found(package, given) or Found(CommandLine((self.name,), {}), ())
        build = (*(() if given else build_lines(package.scripts.get("pretest", ""))), *chosen.build)
        # A repository's script sets TZ, LANG and the like because its tests need them.
        environment = {
            **(
                MONGO_ENVIRONMENT
                if any(name.startswith("mongodb-memory-server") for name in package.named)
                else {}
            ),
            **(script.line.environment if script else {}),
            **chosen.line.environment,
        }
        return TestCommand(self.completed(self._located(chosen.line.words)), environment, build)

    @abstractmethod
    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return the runner's words with what makes it write a report."""

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words, *files)

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        return plain_report_parse(report, root=root)

    def _found(self, package: Package, given: str) -> Found | None:
        return runner_find(given or package.test_script, package.scripts, self.is_runner)

    def _located(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return (f"{BIN}/{self.name}", *words[1:]) if words[:1] == (self.name,) else words


def tool(name: str) -> str:
    """Return the text of one of our own files that run beside the tests."""
    return (TOOLS / name).read_text(encoding="utf-8")


KNOWN_RUNNERS = ("jest", "vitest", "mocha", "ava", "tape")


def names_another(text: str, name: str) -> bool:
    """Return whether a command in `text` is a known runner other than `name`."""
    for line in command_lines(text):
        if any(known != name and is_named(line, known) for known in KNOWN_RUNNERS):
            return True
        if name != "node:test" and line.words[:1] == ("node",) and "--test" in line.words:
            return True
    return False
