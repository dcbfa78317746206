"""Jest with npm."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sandbox.contract import WHOLE_FILE, Outcome, SandboxRefused
from sandbox.ecosystems.collector import Collector
from sandbox.ecosystems.command_line import CommandLine, command_lines
from sandbox.ecosystems.contract import Install, ParsedReport, TestCommand

JEST = "node_modules/.bin/jest"
# Coverage cannot always be written, and its thresholds make a run red for no test's reason.
REPORT_OPTIONS = ("--ci", "--json", "--outputFile={report}", "--coverage=false")
# Install scripts of packages are code that nobody here has read: 19 of 19 repositories tried work without them.
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
LOCK_FILES = ("package-lock.json", "npm-shrinkwrap.json")
OTHER_LOCK_FILES = ("yarn.lock", "pnpm-lock.yaml", "bun.lockb")

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "failed": "failed",
    "pending": "skipped",
    "skipped": "skipped",
    "todo": "skipped",
    "disabled": "skipped",
}


class Jest:
    name = "jest"
    image = "agent-platform/sandbox-node:latest"
    dependency_directory = "node_modules"
    version_command: tuple[str, ...] = ("node", "--version")

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        if not (checkout / "package.json").is_file():
            return False
        if test_command:
            return "pytest" not in test_command
        package = _package(checkout)
        named = {**_table(package, "dependencies"), **_table(package, "devDependencies")}
        return "jest" in named or _jest_line(_test_script(package)) is not None

    def install(self, checkout: Path) -> Install:
        # A workspace's packages have manifests of their own, and npm reads the registry from .npmrc.
        files = {
            str(found.relative_to(checkout)): found.read_bytes()
            for pattern in ("package.json", "*/package.json", "*/*/package.json", ".npmrc", *LOCK_FILES)
            for found in checkout.glob(pattern)
            if found.is_file() and "node_modules" not in found.relative_to(checkout).parts
        }
        if any(name in files for name in LOCK_FILES):
            return Install(files, (("npm", "ci", *NPM_OPTIONS),))
        other = [name for name in OTHER_LOCK_FILES if (checkout / name).exists()]
        if other:
            raise SandboxRefused(
                f"the repository locks its packages with {other[0]}, which is not supported yet; "
                "add a package-lock.json beside it"
            )
        return Install(files, (("npm", "install", "--no-package-lock", *NPM_OPTIONS),))

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        script = _jest_line(_test_script(_package(checkout)))
        chosen = script or CommandLine((JEST,), {})
        if given:
            chosen = _jest_line(given) or command_lines(given)[-1]
        words = (JEST, *chosen.words[1:]) if chosen.words[:1] == ("jest",) else chosen.words
        if words[:1] in {("npm",), ("yarn",), ("pnpm",)} and "--" not in words:
            words = (*words, "--")
        # A repository's script sets TZ, LANG and the like because its tests need them.
        environment = {**(script.environment if script else {}), **chosen.environment}
        return TestCommand((*words, *REPORT_OPTIONS), environment)

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        try:
            parsed = _Report.model_validate_json(report)
        except ValidationError:
            return None
        collector = Collector(root)
        for suite in parsed.testResults:
            if suite.status == "failed" and not suite.assertionResults:
                collector.add(suite.name, WHOLE_FILE, "failed", suite.message)
            for test in suite.assertionResults:
                outcome = _OUTCOMES.get(test.status)
                if outcome is None:
                    return None
                collector.add(suite.name, test.full_name, outcome, "\n".join(test.failureMessages or ()))
        return collector.parsed()


class _Test(BaseModel):
    """An entry of Jest's `assertionResults`; old versions give the title as a list."""

    ancestorTitles: list[str] = []  # noqa: N815
    title: str | list[str]
    fullName: str | None = None  # noqa: N815
    status: str
    failureMessages: list[str] | None = None  # noqa: N815

    @property
    def full_name(self) -> str:
        title = self.title if isinstance(self.title, str) else " ".join(self.title)
        return self.fullName or " ".join([*self.ancestorTitles, title])


class _Suite(BaseModel):
    name: str
    status: str
    message: str = ""
    assertionResults: list[_Test]  # noqa: N815


class _Report(BaseModel):
    """Jest's `--json` output, as far as it is read here."""

    testResults: list[_Suite]  # noqa: N815


def _package(checkout: Path) -> dict[str, Any]:
    try:
        package = json.loads((checkout / "package.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SandboxRefused(f"package.json cannot be read: {error}") from error
    if not isinstance(package, dict):
        raise SandboxRefused(f"package.json holds a {type(package).__name__}, not an object")
    return package


def _table(package: dict[str, Any], name: str) -> dict[str, Any]:
    table = package.get(name)
    return table if isinstance(table, dict) else {}


def _test_script(package: dict[str, Any]) -> str:
    return str(_table(package, "scripts").get("test", ""))


def _jest_line(text: str) -> CommandLine | None:
    """Return the command of the line that is Jest itself, if one is."""
    for line in command_lines(text):
        if line.words and (line.words[0] == "jest" or line.words[0].endswith(JEST)):
            return line
    return None
