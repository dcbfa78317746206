"""How dangerous a fix is, from facts alone: deterministic, every point with its reason. Unknown is CRITICAL."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from incidents.choices import Risk, Severity, Verdict


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
class FixFacts:
    """What the policy looks at."""

    severity: str
    paths: Sequence[str]
    changed_lines: int
    warnings: Sequence[str]
    verdict: str
    is_isolated: bool
    review_risk: str
    review_findings: Sequence[tuple[str, str]]


SEVERITY_RISK = {
    Severity.P0: Risk.CRITICAL,
    Severity.P1: Risk.HIGH,
    Severity.P2: Risk.LOW,
    Severity.P3: Risk.LOW,
}

# Parts of a path that say what a mistake there would cost.
SENSITIVE_PATHS = (
    (Risk.HIGH, re.compile(r"(?i)(^|[/_.-])(auth(?!or(?!iz))|login|session|permission|crypto)"), "authentication"),
    (Risk.HIGH, re.compile(r"(?i)(^|[/_.-])(pay|billing|invoice|refund|charge)"), "money"),
    (Risk.HIGH, re.compile(r"(?i)(^|/)(migrations?|schema)(/|\.)"), "the database schema"),
    (Risk.HIGH, re.compile(r"(?i)(^|/)(terraform|infra|deploy|helm|k8s)(/|$)|Dockerfile"), "infrastructure"),
    (Risk.HIGH, re.compile(r"(^|/)(package\.json|requirements[^/]*\.txt|pyproject\.toml)$"), "dependencies"),
)

FINDING_RISK = {"critical": Risk.CRITICAL, "major": Risk.HIGH, "minor": Risk.LOW, "info": Risk.LOW}

MANY_LINES = 60
VERY_MANY_LINES = 200


def assess(facts: FixFacts) -> Assessment:
    """Return the risk of a fix with every reason; a model's opinion can raise it and never lower it."""
    points = [
        _severity(facts),
        _size(facts),
        *_paths(facts),
        *(RiskPoint(Risk.HIGH, warning) for warning in facts.warnings),
        *_review(facts),
    ]
    if facts.verdict != Verdict.FIXED:
        points.append(RiskPoint(Risk.CRITICAL, f"the sandbox verdict is {facts.verdict or 'missing'}, not fixed"))
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
    return RiskPoint(Risk.MEDIUM if facts.changed_lines > MANY_LINES else Risk.LOW, reason)


def _paths(facts: FixFacts) -> list[RiskPoint]:
    return [
        RiskPoint(risk, f"{path} touches {what}")
        for path in facts.paths
        for risk, pattern, what in SENSITIVE_PATHS
        if pattern.search(path)
    ]


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
