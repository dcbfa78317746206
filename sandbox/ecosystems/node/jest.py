"""Jest, and Vitest, which writes Jest's report."""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from sandbox.contract import WHOLE_FILE, Outcome
from sandbox.ecosystems.collector import Collector
from sandbox.ecosystems.contract import ParsedReport
from sandbox.ecosystems.node.framework import NodeFramework

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed",
    "failed": "failed",
    "pending": "skipped",
    "skipped": "skipped",
    "todo": "skipped",
    "disabled": "skipped",
    # Vitest's word for a test that the end of its file overtook.
    "focused": "skipped",
}


class Jest(NodeFramework):
    name = "jest"

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        # Coverage cannot always be written, and its thresholds make a run red for no test's reason.
        # A suite that leaves a handle open would otherwise run into the time limit.
        kept = without_coverage(words)
        return (*kept, "--ci", "--json", "--outputFile={report}", "--coverage=false", "--forceExit")

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words, "--runTestsByPath", *files)

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        return jest_report_parse(report, root=root)


class Vitest(NodeFramework):
    name = "vitest"

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        # `run` instead of watching; its cache belongs to dependencies that are read-only.
        kept = tuple(word for word in without_coverage(words) if word not in {"run", "watch", "--watch", "dev"})
        return (kept[0], "run", *kept[1:], *VITEST_OPTIONS)

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        return jest_report_parse(report, root=root)


VITEST_OPTIONS = (
    "--reporter=default",
    "--reporter=json",
    "--outputFile.json={report}",
    "--coverage.enabled=false",
)


def without_coverage(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return `words` without the options that ask for coverage."""
    return tuple(word for word in words if not word.startswith(("--coverage", "--collectCoverage")))


def jest_report_parse(report: bytes, *, root: str) -> ParsedReport | None:
    """Return what the report says, or None if it is none. Never raises."""
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
