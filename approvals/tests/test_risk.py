"""The risk policy: facts in, a risk with reasons out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.risk import FixFacts, assess
from incidents.choices import Risk

HARMLESS = FixFacts(
    severity="P2",
    paths=["src/shipping/parcels.js"],
    changed_lines=4,
    warnings=[],
    verdict="fixed",
    is_isolated=True,
    review_risk="LOW",
    review_findings=[],
)


def test_a_small_reviewed_fix_of_a_p2_is_low() -> None:
    assert assess(HARMLESS).risk == Risk.LOW


@pytest.mark.parametrize(
    ("facts", "risk", "reason"),
    [
        (replace(HARMLESS, severity="P1"), Risk.HIGH, "the incident is P1"),
        (replace(HARMLESS, severity="P0"), Risk.CRITICAL, "the incident is P0"),
        (replace(HARMLESS, severity=""), Risk.CRITICAL, "the incident has no severity"),
        (replace(HARMLESS, paths=["src/payments/refund.js"]), Risk.HIGH, "src/payments/refund.js touches money"),
        (replace(HARMLESS, paths=["lib/auth.py"]), Risk.HIGH, "lib/auth.py touches authentication"),
        (replace(HARMLESS, paths=["db/migrations/7.sql"]), Risk.HIGH, "touches the database schema"),
        (replace(HARMLESS, paths=["package.json"]), Risk.HIGH, "package.json touches dependencies"),
        (replace(HARMLESS, changed_lines=61), Risk.MEDIUM, "61 changed lines outside tests"),
        (replace(HARMLESS, changed_lines=201), Risk.HIGH, "201 changed lines outside tests"),
        (replace(HARMLESS, warnings=["swallows an exception"]), Risk.HIGH, "swallows an exception"),
        (replace(HARMLESS, verdict="regression"), Risk.CRITICAL, "the sandbox verdict is regression, not fixed"),
        (replace(HARMLESS, verdict=""), Risk.CRITICAL, "the sandbox verdict is missing, not fixed"),
        (replace(HARMLESS, review_risk=""), Risk.CRITICAL, "there is no review"),
        (replace(HARMLESS, review_risk="HIGH"), Risk.HIGH, "the reviewer calls the risk HIGH"),
        (
            replace(HARMLESS, review_findings=[("major", "drops the currency")]),
            Risk.HIGH,
            "review, major: drops the currency",
        ),
        (replace(HARMLESS, review_findings=[("odd", "unknown word")]), Risk.CRITICAL, "review, odd: unknown word"),
    ],
)
def test_each_danger_raises_the_risk_and_says_why(facts: FixFacts, risk: Risk, reason: str) -> None:
    assessment = assess(facts)

    assert assessment.risk == risk
    assert reason in assessment.points[0].reason


@pytest.mark.parametrize("path", ["src/author.js", "src/repayload.js", "src/display.js", "docs/schemas.md"])
def test_words_that_only_look_dangerous_are_not(path: str) -> None:
    assert assess(replace(HARMLESS, paths=[path])).risk == Risk.LOW


@given(
    severity=st.sampled_from(["P0", "P1", "P2", "P3", ""]),
    changed_lines=st.integers(0, 1000),
    low_review=st.sampled_from(["LOW", "MEDIUM"]),
    high_review=st.sampled_from(["HIGH", "CRITICAL"]),
)
def test_a_models_opinion_never_lowers_the_risk(
    severity: str, changed_lines: int, low_review: str, high_review: str
) -> None:
    facts = replace(HARMLESS, severity=severity, changed_lines=changed_lines)
    calm = assess(replace(facts, review_risk=low_review)).risk
    alarmed = assess(replace(facts, review_risk=high_review)).risk

    assert alarmed.rank >= calm.rank >= assess(replace(facts, review_risk="LOW")).risk.rank
    assert alarmed.rank >= Risk(high_review).rank
