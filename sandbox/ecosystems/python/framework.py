"""What every Python test framework shares: how it is recognised, installed and called."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.ecosystems.command_line import CommandLine, command_lines
from sandbox.ecosystems.contract import Install
from sandbox.ecosystems.python.declared import declared_commands
from sandbox.ecosystems.python.install import DIRECTORY, REQUIREMENT_FILES, requirements_install

IMAGE = "agent-platform/sandbox-python:latest"
TOOLS = Path(__file__).parent / "tools"
MARKS = (
    *REQUIREMENT_FILES,
    *("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "conftest.py", "noxfile.py"),
)


class PythonFramework:
    """One framework; a subclass says how its command is completed and its report read."""

    # Also the module that runs it.
    name = ""
    # What is installed to run it, where the repository does not name it; empty for the standard library.
    package = ""
    image = IMAGE
    dependency_directory = DIRECTORY
    caches: tuple[str, ...] = ()
    version_command: tuple[str, ...] = ("python3", "--version")
    tools: Mapping[str, str] = {}
    is_by_exit_code = False

    def install(self, checkout: Path) -> Install:
        return requirements_install(checkout, runner=self.package)

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words, *files)

    def called_in(self, checkout: Path, given: str) -> CommandLine | None:
        """Return this framework's options in the given command, or in what tox or nox would run for it."""
        for text in (given, *declared_commands(checkout, given)):
            for line in command_lines(text):
                if self.name in line.words:
                    return CommandLine(line.words[line.words.index(self.name) + 1 :], line.environment)
        return None


def source_environment(checkout: Path) -> dict[str, str]:
    """Return what lets tests import a project that is not installed itself: its `src` directory, if it has one."""
    return {"PYTHONPATH": "src"} if (checkout / "src").is_dir() else {}
