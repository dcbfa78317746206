"""unittest, behind a small program of ours that writes the report; and any other command."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.ecosystems.command_line import shell_words
from sandbox.ecosystems.contract import ParsedReport, TestCommand
from sandbox.ecosystems.plain_report import plain_report_parse
from sandbox.ecosystems.python.framework import MARKS, TOOLS, PythonFramework, source_environment
from sandbox.ecosystems.python.install import DIRECTORY, PYTHON

DRIVER = "unittest_driver.py"


class Unittest(PythonFramework):
    name = "unittest"
    tools: Mapping[str, str] = {DRIVER: (TOOLS / DRIVER).read_text(encoding="utf-8")}

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        return self.called_in(checkout, test_command) is not None

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        line = self.called_in(checkout, given)
        words = line.words if line else ()
        environment = {**source_environment(checkout), **(line.environment if line else {})}
        return TestCommand((PYTHON, f"{{tools}}/{DRIVER}", "{report}", *words), environment)

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words[:3], *files)

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        return plain_report_parse(report, root=root)


class PythonCommand(PythonFramework):
    """Any other command: its exit code is all that is known."""

    name = "python"
    is_by_exit_code = True

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        return bool(test_command) and any((checkout / mark).is_file() for mark in MARKS)

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        return TestCommand(shell_words(given, f"{DIRECTORY}/bin"), source_environment(checkout))

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return words

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        return None
