"""How dangerous a fix is, from facts alone: deterministic, every point with its reason. Unknown is CRITICAL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from approvals.risk_paths import SENSITIVE_PATHS
from incidents.choices import Risk, Severity, Verdict
from incidents.risk_patterns import ServicePattern


@dataclass(frozen=True)
class RiskPoint:
    """One reason and the risk that it raises the fix to."""

    risk: Risk
    reason: str


@dataclass(frozen=True)
class Assessment:
    """The highest of all points."""

    risk: Risk
    points: Sequence[RiskPoint]


@dataclass(frozen=True)
class ChangedPart:
    """A place outside tests that the fix changes, and how far tests reach it; without a name it is the file's own.

    "proven": a test of the fix fails without this one change and passes with it. "called": tests lead to it by
    certain calls, or run it by loading its file. "loaded": its file is loaded, or it may be called, and no more
    is seen. "none": no test reaches it. "unknown": its text cannot be read for this.
    """

    path: str
    name: str
    reach: Literal["proven", "called", "loaded", "none", "unknown"]
    tests: Sequence[str]


@dataclass(frozen=True)
class EarlierFix:
    """A pull request or rejection of the last months that was about one of the fix's files."""

    path: str
    what: str
    is_refused: bool


@dataclass(frozen=True)
class Reach:
    """How many functions call the changed ones, directly or through others, and the contracts at the end.

    `most` is the setting's limit, 0 for none; `described` says all of it in one line.
    """

    functions: int
    contracts: Sequence[str]
    most: int
    described: str


@dataclass(frozen=True)
class FixFacts:
    """What the policy looks at.

    `paths` and `changed_lines` leave tests out. `moved_paths` are files of the fix that changed on the default
    branch since the commit it was tried on. `reach` is None where no existing function is changed. `author` is the
    person who wrote it, if one did. `unknown` says in a sentence each what could not be found out.
    """

    severity: str
    paths: Sequence[str]
    changed_lines: int
    warnings: Sequence[str]
    verdict: str
    is_isolated: bool
    review_risk: str
    review_findings: Sequence[tuple[str, str]]
    service_patterns: Sequence[ServicePattern] = ()
    deleted_paths: Sequence[str] = ()
    changed_expectations: Sequence[str] = ()
    is_by_exit_code: bool = False
    moved_paths: Sequence[str] = ()
    earlier: Sequence[EarlierFix] = ()
    changed_parts: Sequence[ChangedPart] = ()
    author: str = ""
    unknown: Sequence[str] = ()
    reach: Reach | None = None


SEVERITY_RISK = {
    Severity.P0: Risk.CRITICAL,
    Severity.P1: Risk.HIGH,
    Severity.P2: Risk.LOW,
    Severity.P3: Risk.LOW,
}

FINDING_RISK = {"critical": Risk.CRITICAL, "major": Risk.HIGH, "minor": Risk.LOW, "info": Risk.LOW}

MANY_LINES = 60
VERY_MANY_LINES = 200
MANY_FILES = 5
MANY_CALLERS = 25
MANY_CONTRACTS = 5
# So many accepted fixes of one file in a few months mean that its real fault was not found.
MENDED_OFTEN = 2
TESTS_SHOWN = 3
# What no test could reach, because nothing runs it.
PROSE = (".md", ".rst")


def assess(facts: FixFacts) -> Assessment:
    """Return the risk of a fix with every reason; a model's opinion can raise it and never lower it."""
    points = [
        _severity(facts),
        _size(facts),
        *_reach(facts),
        *_paths(facts),
        *_proof(facts),
        *_coverage(facts),
        *_history(facts),
        *(RiskPoint(Risk.HIGH, warning) for warning in facts.warnings),
        *_review(facts),
        *(RiskPoint(Risk.CRITICAL, f"not known: {what}") for what in facts.unknown),
    ]
    highest = max(points, key=lambda point: point.risk.rank)
    return Assessment(highest.risk, tuple(sorted(points, key=lambda point: -point.risk.rank)))


def _severity(facts: FixFacts) -> RiskPoint:
    if facts.severity not in SEVERITY_RISK:
        return RiskPoint(Risk.CRITICAL, "the incident has no severity")
    return RiskPoint(SEVERITY_RISK[Severity(facts.severity)], f"the incident is {facts.severity}")


def _size(facts: FixFacts) -> RiskPoint:
    reason = f"{facts.changed_lines} changed lines outside tests"
    if facts.changed_lines > VERY_MANY_LINES:
        return RiskPoint(Risk.HIGH, reason)
    if len(facts.paths) > MANY_FILES:
        return RiskPoint(Risk.MEDIUM, f"{reason}, in {len(facts.paths)} files")
    return RiskPoint(Risk.MEDIUM if facts.changed_lines > MANY_LINES else Risk.LOW, reason)


def _reach(facts: FixFacts) -> list[RiskPoint]:
    reach = facts.reach
    if reach is None:
        return []
    if reach.most and reach.functions > reach.most:
        risk = Risk.HIGH
    elif reach.functions > MANY_CALLERS or len(reach.contracts) > MANY_CONTRACTS:
        risk = Risk.MEDIUM
    else:
        risk = Risk.LOW
    return [RiskPoint(risk, f"blast radius: {reach.described}")]


def _paths(facts: FixFacts) -> list[RiskPoint]:
    return [
        *(
            RiskPoint(risk, f"{path} touches {what}")
            for path in facts.paths
            for risk, pattern, what in SENSITIVE_PATHS
            if pattern.search(path)
        ),
        *(
            RiskPoint(pattern.risk, f"{path} is {pattern.why or 'sensitive'} in this service ({pattern.pattern})")
            for path in facts.paths
            for pattern in facts.service_patterns
            if pattern.matches(path)
        ),
        *(RiskPoint(Risk.HIGH, f"{path} is deleted") for path in facts.deleted_paths),
    ]


def _proof(facts: FixFacts) -> list[RiskPoint]:
    points = [
        *(
            RiskPoint(Risk.HIGH, f"{path} changes what an existing test expects")
            for path in facts.changed_expectations
        ),
        *(
            RiskPoint(Risk.HIGH, f"{path} changed on the default branch since the commit that was tested")
            for path in facts.moved_paths
        ),
    ]
    if facts.author:
        author = facts.author.removeprefix("user:")
        points.append(RiskPoint(Risk.HIGH, f"{author} wrote it by hand: another person must approve it"))
    if facts.verdict != Verdict.FIXED:
        points.append(RiskPoint(Risk.CRITICAL, f"the sandbox verdict is {facts.verdict or 'missing'}, not fixed"))
    if not facts.is_isolated:
        points.append(RiskPoint(Risk.MEDIUM, "the tests ran without isolation"))
    if facts.is_by_exit_code:
        points.append(RiskPoint(Risk.HIGH, "the verdict rests on an exit code: no test could be told apart"))
    return points


def _coverage(facts: FixFacts) -> list[RiskPoint]:
    """Return a point for each changed place, and one for each file of which nothing is known."""
    known = {part.path for part in facts.changed_parts} | set(facts.deleted_paths)
    return [
        *(_reached(part) for part in facts.changed_parts if not part.path.endswith(PROSE)),
        *(
            RiskPoint(Risk.HIGH, f"whether a test reaches the change of {path} is not known")
            for path in facts.paths
            if path not in known and not path.endswith(PROSE)
        ),
    ]


def _reached(part: ChangedPart) -> RiskPoint:
    place = f"{part.path} {part.name}".strip()
    tests = _some(part.tests)
    match part.reach:
        case "proven":
            return RiskPoint(Risk.LOW, f"{tests} fails without the change of {place} and passes with it")
        case "called":
            return RiskPoint(Risk.LOW, f"{place} is reached from {tests}")
        case "loaded":
            return RiskPoint(Risk.MEDIUM, f"no test is seen to call {place}; {tests} may, or only load its file")
        case "none":
            return RiskPoint(Risk.HIGH, f"no test reaches {place}")
        case _:
            return RiskPoint(Risk.HIGH, f"whether a test reaches {place} is not known: it cannot be read as code")


def _some(tests: Sequence[str]) -> str:
    more = f" and {len(tests) - TESTS_SHOWN} more" if len(tests) > TESTS_SHOWN else ""
    return ", ".join(tests[:TESTS_SHOWN]) + more


def _history(facts: FixFacts) -> list[RiskPoint]:
    points = [RiskPoint(Risk.HIGH, f"{fix.path}: {fix.what}") for fix in facts.earlier if fix.is_refused]
    for path in sorted({fix.path for fix in facts.earlier if not fix.is_refused}):
        before = [fix.what for fix in facts.earlier if fix.path == path and not fix.is_refused]
        risk = Risk.HIGH if len(before) >= MENDED_OFTEN else Risk.MEDIUM
        points.append(RiskPoint(risk, f"{path} was mended before: {', '.join(before)}"))
    return points


def _review(facts: FixFacts) -> list[RiskPoint]:
    if facts.review_risk not in Risk.values:
        return [RiskPoint(Risk.CRITICAL, "there is no review")]
    return [
        RiskPoint(Risk(facts.review_risk), f"the reviewer calls the risk {facts.review_risk}"),
        *(
            RiskPoint(FINDING_RISK.get(severity, Risk.CRITICAL), f"review, {severity}: {message}")
            for severity, message in facts.review_findings
        ),
    ]
