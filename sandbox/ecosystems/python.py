"""pytest with pip."""

import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import BaseModel, Field

from sandbox.contract import WHOLE_FILE, Outcome, SandboxRefused
from sandbox.ecosystems.collector import Collector
from sandbox.ecosystems.command_line import command_lines
from sandbox.ecosystems.contract import Install, ParsedReport, TestCommand

DIRECTORY = ".venv"
PYTHON = f"{DIRECTORY}/bin/python"
REPORT_OPTIONS = (
    *("-p", "no:cacheprovider"),
    # One file that cannot be imported must not lose the tests of all others.
    "--continue-on-collection-errors",
    # The family that names each test's file.
    *("-o", "junit_family=xunit1", "--junitxml={report}"),
)
REQUIREMENT_FILES = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
)
MARKS = (*REQUIREMENT_FILES, "pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", "conftest.py")
TEST_GROUPS = ("test", "tests", "testing", "dev")


class Pytest:
    name = "pytest"
    image = "agent-platform/sandbox-python:latest"
    dependency_directory = DIRECTORY
    version_command: tuple[str, ...] = ("python3", "--version")

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        return "pytest" in test_command or any((checkout / mark).is_file() for mark in MARKS)

    def install(self, checkout: Path) -> Install:
        files = {
            str(found.relative_to(checkout)): found.read_bytes()
            for pattern in ("requirements*.txt", "*requirements.txt", "requirements/*.txt", "constraints*.txt")
            for found in checkout.glob(pattern)
        }
        wanted = [word for name in REQUIREMENT_FILES if name in files for word in ("-r", name)]
        if not wanted:
            wanted = _project_requirements(checkout / "pyproject.toml")
        return Install(
            files,
            (
                ("python3", "-m", "venv", DIRECTORY),
                # What the repository pins wins: naming pytest once more only adds it where it is missing.
                (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted, "pytest"),
            ),
        )

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        for line in command_lines(given):
            if "pytest" in line.words:
                options = line.words[line.words.index("pytest") + 1 :]
                return TestCommand((PYTHON, "-m", "pytest", *options, *REPORT_OPTIONS), line.environment)
        if given:
            raise SandboxRefused(
                f"the test command {given!r} does not call pytest; correct it in the service's settings"
            )
        return TestCommand((PYTHON, "-m", "pytest", *REPORT_OPTIONS))

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        suites = _xml(report)
        if suites is None:
            return None
        collector = Collector(root)
        for case in suites.iter("testcase"):
            path, name = _file_and_name(case)
            failure = case.find("failure")
            problem = failure if failure is not None else case.find("error")
            outcome: Outcome = "passed"
            if problem is not None:
                outcome = "failed"
            elif case.find("skipped") is not None:
                outcome = "skipped"
            message = "" if problem is None else (problem.text or problem.get("message") or "")
            collector.add(path, name, outcome, message)
        return collector.parsed()


class _Project(BaseModel):
    dependencies: list[Any] = []
    optional: dict[str, list[Any]] = Field({}, alias="optional-dependencies")


class _Document(BaseModel):
    """A pyproject.toml, as far as it is read here."""

    project: _Project = _Project()
    groups: dict[str, list[Any]] = Field({}, alias="dependency-groups")


def _xml(report: bytes) -> ElementTree.Element | None:
    try:
        text = report.decode("utf-8")
        # pytest writes no DTD: without one there are no entities to blow up.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None
        root = ElementTree.fromstring(text)  # noqa: S314 - entities are excluded above
    except (ValueError, ElementTree.ParseError, RecursionError):
        return None
    return root if root.tag in {"testsuites", "testsuite"} else None


def _file_and_name(case: ElementTree.Element) -> tuple[str, str]:
    """Return the file and the name in it; a file that cannot be collected has its module as name and no class."""
    name, classes, path = case.get("name", ""), case.get("classname", ""), case.get("file", "")
    if not classes:
        return path or name.replace(".", "/") + ".py", WHOLE_FILE
    module = path.removesuffix(".py").replace("/", ".")
    inner = classes.removeprefix(module).lstrip(".").replace(".", "::")
    return path, f"{inner}::{name}" if inner else name


def _project_requirements(file: Path) -> list[str]:
    if not file.is_file():
        return []
    try:
        document = _Document.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise SandboxRefused(f"pyproject.toml cannot be read: {error}") from error
    groups = [document.project.dependencies]
    for table in (document.project.optional, document.groups):
        groups.extend(table.get(group, []) for group in TEST_GROUPS)
    # A group may include another one by a table; what begins with a dash would be an option of pip.
    return [name for group in groups for name in group if isinstance(name, str) and not name.startswith("-")]
