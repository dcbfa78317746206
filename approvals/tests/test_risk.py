"""The risk policy: facts in, a risk with reasons out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.risk import ChangedPart, EarlierFix, FixFacts, Reach, assess
from incidents.choices import Risk
from incidents.risk_patterns import BadPattern, ServicePattern, service_patterns

HARMLESS = FixFacts(
    severity="P2",
    paths=["src/shipping/parcels.js"],
    changed_lines=4,
    warnings=[],
    verdict="fixed",
    is_isolated=True,
    review_risk="LOW",
    review_findings=[],
    changed_parts=[ChangedPart("src/shipping/parcels.js", "parcels", "proven", ["tests/parcels.test.js"])],
)


def reach(functions: int, *, contracts: int = 0, most: int = 200) -> Reach:
    names = [f"GET /{number}" for number in range(contracts)]
    return Reach(functions, names, most, f"reached from {functions} functions")


def reached(how: str, **facts: object) -> FixFacts:
    """Return a fix of one function that tests reach so."""
    part = ChangedPart("src/shipping/parcels.js", "parcels", how, ["a.test.js"])  # type: ignore[arg-type]
    return replace(HARMLESS, changed_parts=[part], **facts)  # type: ignore[arg-type]


def at(*paths: str) -> FixFacts:
    """Return a harmless fix of these paths, all of them tested."""
    return replace(
        HARMLESS, paths=list(paths), changed_parts=[ChangedPart(path, "f", "called", ["t"]) for path in paths]
    )


def test_a_small_reviewed_fix_of_a_p2_is_low() -> None:
    assert assess(HARMLESS).risk == Risk.LOW


def test_a_change_that_little_can_reach_says_so_and_stays_low() -> None:
    found = assess(replace(HARMLESS, reach=reach(25, contracts=5)))

    assert found.risk == Risk.LOW
    assert "blast radius: reached from 25 functions" in [point.reason for point in found.points]


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
        (replace(HARMLESS, is_isolated=False), Risk.MEDIUM, "the tests ran without isolation"),
        (replace(HARMLESS, is_by_exit_code=True), Risk.HIGH, "the verdict rests on an exit code"),
        (at(*(f"src/{n}.js" for n in range(6))), Risk.MEDIUM, "in 6 files"),
        (replace(HARMLESS, reach=reach(26)), Risk.MEDIUM, "blast radius: reached from 26 functions"),
        (replace(HARMLESS, reach=reach(1, contracts=6)), Risk.MEDIUM, "blast radius: reached from 1 functions"),
        (replace(HARMLESS, reach=reach(201)), Risk.HIGH, "blast radius: reached from 201 functions"),
        (replace(HARMLESS, reach=reach(201, most=0)), Risk.MEDIUM, "blast radius: reached from 201 functions"),
        (reached("loaded"), Risk.MEDIUM, "no test is seen to call src/shipping/parcels.js parcels; a.test.js may"),
        (reached("none"), Risk.HIGH, "no test reaches src/shipping/parcels.js parcels"),
        (reached("unknown"), Risk.HIGH, "whether a test reaches src/shipping/parcels.js parcels is not known"),
        (replace(HARMLESS, changed_parts=[]), Risk.HIGH, "the change of src/shipping/parcels.js is not known"),
        (replace(HARMLESS, author="user:ada"), Risk.HIGH, "ada wrote it by hand: another person must approve it"),
        (replace(HARMLESS, deleted_paths=["src/old.js"]), Risk.HIGH, "src/old.js is deleted"),
        (
            replace(HARMLESS, changed_expectations=["tests/a.test.js"]),
            Risk.HIGH,
            "tests/a.test.js changes what an existing test expects",
        ),
        (
            replace(HARMLESS, moved_paths=["src/a.js"]),
            Risk.HIGH,
            "src/a.js changed on the default branch since the commit that was tested",
        ),
        (
            replace(HARMLESS, service_patterns=[ServicePattern("src/shipping/*", Risk.CRITICAL, "customs law")]),
            Risk.CRITICAL,
            "src/shipping/parcels.js is customs law in this service (src/shipping/*)",
        ),
        (
            replace(HARMLESS, earlier=[EarlierFix("src/a.js", "shop#1 was merged", is_refused=False)]),
            Risk.MEDIUM,
            "src/a.js was mended before: shop#1 was merged",
        ),
        (
            replace(HARMLESS, earlier=[EarlierFix("src/a.js", f"shop#{n}", is_refused=False) for n in (1, 2)]),
            Risk.HIGH,
            "src/a.js was mended before: shop#1, shop#2",
        ),
        (
            replace(HARMLESS, earlier=[EarlierFix("src/a.js", "shop#1 was closed unmerged", is_refused=True)]),
            Risk.HIGH,
            "src/a.js: shop#1 was closed unmerged",
        ),
        (replace(HARMLESS, unknown=["the size"]), Risk.CRITICAL, "not known: the size"),
        (replace(HARMLESS, review_findings=[("odd", "unknown word")]), Risk.CRITICAL, "review, odd: unknown word"),
    ],
)
def test_each_danger_raises_the_risk_and_says_why(facts: FixFacts, risk: Risk, reason: str) -> None:
    assessment = assess(facts)

    assert assessment.risk == risk
    assert reason in assessment.points[0].reason


@pytest.mark.parametrize("path", ["src/author.js", "src/repayload.js", "src/display.js", "docs/schemas.md"])
def test_words_that_only_look_dangerous_are_not(path: str) -> None:
    assert assess(at(path)).risk == Risk.LOW


def test_prose_needs_no_test() -> None:
    assert assess(replace(HARMLESS, paths=["README.md"], changed_parts=[])).risk == Risk.LOW


@pytest.mark.parametrize(
    "document",
    [{}, "src/*", [{"risk": "HIGH"}], [{"pattern": "src/*"}], [{"pattern": "src/*", "risk": "SEVERE"}], ["src/*"]],
)
def test_a_services_pattern_that_cannot_be_read_is_no_pattern_that_does_not_match(document: object) -> None:
    with pytest.raises(BadPattern):
        service_patterns(document)


FACTS = st.builds(
    FixFacts,
    severity=st.sampled_from(["P0", "P1", "P2", "P3", ""]),
    paths=st.lists(st.sampled_from(["src/a.js", "src/payments/b.js", "lib/auth.py", "Dockerfile"])),
    changed_lines=st.integers(0, 1000),
    warnings=st.lists(st.just("swallows an exception"), max_size=1),
    verdict=st.sampled_from(["fixed", "regression", ""]),
    is_isolated=st.booleans(),
    review_risk=st.just("LOW"),
    review_findings=st.just([]),
    unknown=st.lists(st.just("the size"), max_size=1),
)
OPINION = st.sampled_from(Risk.values)
FINDINGS = st.lists(st.tuples(st.sampled_from(["info", "minor", "major", "critical", "odd"]), st.just("so")))


@given(facts=FACTS, opinion=OPINION, findings=FINDINGS)
def test_a_models_opinion_never_lowers_the_risk(
    facts: FixFacts, opinion: str, findings: list[tuple[str, str]]
) -> None:
    silent = assess(facts).risk
    spoken = assess(replace(facts, review_risk=opinion, review_findings=findings)).risk

    assert spoken.rank >= max(silent.rank, Risk(opinion).rank)


@given(facts=FACTS)
def test_the_risk_is_that_of_its_first_and_highest_reason_and_the_same_each_time(facts: FixFacts) -> None:
    assessment = assess(facts)

    ranks = [point.risk.rank for point in assessment.points]
    assert ranks == sorted(ranks, reverse=True)
    assert assessment.risk == assessment.points[0].risk
    assert assess(facts) == assessment
