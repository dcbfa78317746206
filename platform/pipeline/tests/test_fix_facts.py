"""What the risk policy is told comes from the rows and the repository as they are now."""

import pytest
from django.contrib.auth.models import User

from agents.grounding.blast_radius import BlastRadius, Reached
from approvals import file_history
from approvals.branch import files_on_branch
from approvals.choices import Decision
from approvals.models import Approval, ApprovalDecision
from core.patch import Patch
from incidents.choices import PullRequestState, Risk, Severity, Stage
from incidents.models import Fix
from incidents.tests.factories import FixFactory, PullRequestFactory
from integrations.localgit.host import LocalGitHost
from pipeline.facts import deployed_checkout
from pipeline.fix_facts import fix_facts
from pipeline.fixes import ProposalMade
from pipeline.tests.stories import a_review, a_tried_fix, an_incident, assessed

pytestmark = pytest.mark.django_db


def a_fix() -> Fix:
    return a_tried_fix(an_incident(severity=Severity.P2), review=a_review())


def reasons(fix: Fix) -> str:
    return " | ".join(point.reason for point in assessed(fix).points)


def test_a_small_reviewed_fix_of_an_unchanged_branch_is_low(host: LocalGitHost) -> None:
    assert assessed(a_fix()).risk == Risk.LOW


@pytest.mark.parametrize(("functions", "risk"), [(3, Risk.LOW), (30, Risk.MEDIUM), (201, Risk.HIGH)])
def test_what_the_change_can_reach_counts(host: LocalGitHost, functions: int, risk: Risk) -> None:
    fix = a_fix()
    callers = [Reached(path="src/a.js", line=n, name=f"f{n}", depth=1, is_certain=True) for n in range(functions)]
    radius = BlastRadius(changed=["src/total.js:1 total"], callers=callers, contracts=["GET /orders"])
    made = ProposalMade(fix_id=fix.pk, blast_radius=radius)
    fix.incident.stage_runs.filter(stage=Stage.FIX).update(output=made.model_dump(mode="json"))

    assert assessed(fix).risk == risk
    assert f"src/total.js:1 total reached from {functions} functions in 1 files; contracts: GET /orders" in (
        reasons(fix)
    )


def test_a_fix_of_which_nobody_found_out_what_it_reaches_is_critical(host: LocalGitHost) -> None:
    fix = a_fix()
    fix.incident.stage_runs.filter(stage=Stage.FIX).delete()

    assert assessed(fix).risk == Risk.CRITICAL
    assert "not known: what the change can reach" in reasons(fix)


def test_a_changed_line_of_an_existing_test_raises_the_risk_and_a_new_test_does_not(
    host: LocalGitHost,
) -> None:
    fix = a_fix()
    base = deployed_checkout(fix.incident).path
    old = (base / "tests/total.test.js").read_text()

    for content, is_changed in ((old + "// more\n", False), (old.replace("toBe(", "toEqual("), True)):
        patch = Patch({"tests/total.test.js": content, "tests/new.test.js": "test('x', () => {});\n"})
        fix.files, fix.diff = dict(patch.files), patch.diff(base)
        assert fix_facts(fix, files_on_branch(fix)).changed_expectations == (
            ["tests/total.test.js"] if is_changed else []
        )


def test_what_the_sandbox_says_of_tests_is_told_too(host: LocalGitHost) -> None:
    fix = a_fix()
    fix.report = {**(fix.report or {}), "changed_tests": ["t/a.test.js::adds"], "by_exit_code": True}

    assert fix_facts(fix, files_on_branch(fix)).changed_expectations == ["t/a.test.js::adds"]
    assert "rests on an exit code" in reasons(fix)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("diff", "--- a/x\n+++ b/x\n@@ -1 +1 @@ torn", "not known: the size of the change"),
        ("diff", "", "not known: the size of the change"),
        ("base_commit", "0" * 40, "not known: whether the default branch has moved"),
    ],
)
def test_what_cannot_be_found_out_is_critical(host: LocalGitHost, field: str, value: str, expected: str) -> None:
    fix = a_fix()
    setattr(fix, field, value)

    assert assessed(fix).risk == Risk.CRITICAL
    assert expected in reasons(fix)


def test_the_services_own_patterns_count_and_unreadable_ones_are_critical(host: LocalGitHost) -> None:
    fix = a_fix()
    fix.incident.service.risk_patterns = [{"pattern": "src/*", "risk": "HIGH", "why": "the ledger"}]
    assert assessed(fix).risk == Risk.HIGH
    assert "src/total.js is the ledger in this service (src/*)" in reasons(fix)

    fix.incident.service.risk_patterns = [{"pattern": "src/*"}]
    assert assessed(fix).risk == Risk.CRITICAL


@pytest.mark.parametrize(
    ("state", "risk", "reason"),
    [
        (PullRequestState.MERGED, Risk.MEDIUM, "src/total.js was mended before: demo/orders#1 was merged"),
        (PullRequestState.CLOSED, Risk.HIGH, "src/total.js: demo/orders#1 was closed unmerged"),
    ],
)
def test_earlier_pull_requests_of_the_same_file_count(
    host: LocalGitHost, state: PullRequestState, risk: Risk, reason: str
) -> None:
    fix = a_fix()
    earlier = FixFactory.create(incident__service=fix.incident.service, files={"src/total.js": "old\n"})
    PullRequestFactory.create(incident=earlier.incident, fix=earlier, number=1, state=state)
    elsewhere = FixFactory.create(incident__service=fix.incident.service, files={"src/other.js": "old\n"})
    PullRequestFactory.create(incident=elsewhere.incident, fix=elsewhere, number=2)

    assert assessed(fix).risk == risk
    assert reason in reasons(fix)
    assert "#2" not in reasons(fix)


def test_of_a_file_that_is_mended_often_the_newest_are_told_and_every_refusal_before_them(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_history, "MOST", 3)
    fix = a_fix()
    for number in range(1, 7):
        earlier = FixFactory.create(incident__service=fix.incident.service, files={"src/total.js": "old\n"})
        state = PullRequestState.CLOSED if number == 1 else PullRequestState.MERGED
        PullRequestFactory.create(incident=earlier.incident, fix=earlier, number=number, state=state)

    told = reasons(fix)

    assert "src/total.js: demo/orders#1 was closed unmerged" in told
    assert "src/total.js was mended before: demo/orders#6 was merged, demo/orders#5 was merged" in told
    assert "#4" not in told


def test_a_persons_rejection_of_a_fix_of_the_same_file_counts(host: LocalGitHost) -> None:
    fix = a_fix()
    earlier = FixFactory.create(incident__service=fix.incident.service, files={"src/total.js": "old\n"})
    approval = Approval.objects.create(
        incident=earlier.incident,
        fix=earlier,
        diff_sha256=earlier.diff_sha256,
        risk=Risk.HIGH,
        reasons=[],
        state="rejected",
        expires_at=earlier.created_at,
    )
    ApprovalDecision.objects.create(
        approval=approval,
        user=User.objects.create_user("ada"),
        decision=Decision.REJECT,
        reason="fix_wrong",
        comment="no",
    )

    assert assessed(fix).risk == Risk.HIGH
    assert "src/total.js: a person rejected a fix of it (Fix Wrong)" in reasons(fix)
