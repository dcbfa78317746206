"""pytest."""

from pathlib import Path
from xml.etree import ElementTree

from sandbox.contract import WHOLE_FILE, Outcome
from sandbox.ecosystems.collector import Collector
from sandbox.ecosystems.contract import ParsedReport, TestCommand
from sandbox.ecosystems.python.framework import MARKS, PythonFramework, source_environment
from sandbox.ecosystems.python.install import PYTHON

REPORT_OPTIONS = (
    *("-p", "no:cacheprovider"),
    # One file that cannot be imported must not lose the tests of all others.
    "--continue-on-collection-errors",
    # The family that names each test's file.
    *("-o", "junit_family=xunit1", "--junitxml={report}"),
)
# Coverage is off: its thresholds make a run red for no test's reason.
COVERAGE_OPTIONS = ("--cov", "--no-cov-on-fail")


class Pytest(PythonFramework):
    name = "pytest"
    package = "pytest"

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        if test_command:
            return self.called_in(checkout, test_command) is not None
        return any((checkout / mark).is_file() for mark in MARKS)

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        line = self.called_in(checkout, given) if given else None
        options = tuple(word for word in (line.words if line else ()) if not word.startswith(COVERAGE_OPTIONS))
        environment = {**source_environment(checkout), **(line.environment if line else {})}
        return TestCommand((PYTHON, "-m", "pytest", *options, *REPORT_OPTIONS), environment)

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
