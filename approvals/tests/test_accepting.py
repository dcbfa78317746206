"""A person's edited patch becomes the fix only through the sandbox, and then through another person."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals.accepting import patch_accept, why_not_accept
from approvals.choices import ApprovalState, PairSource, RejectionReason, TrialState
from approvals.edited_patch import Better
from approvals.gate import GateClosed, gate_check
from approvals.models import Approval, ApprovalDecision, BetterPatch, PreferencePair
from approvals.pairs import pairs_of_approvals
from approvals.services import DecisionRefused, approval_approve, approval_reject
from approvals.tests.stories import a_question, judged, person
from core.patch import Patch
from incidents.choices import Risk, Severity, Stage, Status, Verdict
from incidents.models import Fix, Incident, PullRequest, Transition
from incidents.tests.factories import IncidentFactory
from incidents.tests.races import intake_opening
from pipeline import tasks
from pipeline.facts import deployed_checkout
from pipeline.fixes import fix_chosen
from pipeline.tests.stories import (
    FIXED_TOTAL,
    a_preparation,
    a_review,
    stage_done,
    status_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("host")]

BETTER = Patch({"src/total.js": FIXED_TOTAL.replace("?? []", "|| []")})


def a_rejection(*, by: str = "ada", **question: object) -> BetterPatch:
    """Return the patch that came with a rejection; the sandbox has not tried it."""
    approval = a_question(**question)
    incident = approval.incident
    stage_done(incident, Stage.PREPARE, a_preparation(incident))
    better = Better(BETTER, BETTER.diff(deployed_checkout(incident).path))
    approval_reject(
        approval=approval, user=person(by), reason=RejectionReason.FIX_WRONG, comment="so", better=better
    )
    return BetterPatch.objects.select_related("fix__incident").get()


def a_persons_fix(*, by: str = "ada", **question: object) -> Fix:
    """Return the fix that was made of an accepted patch, reviewed and waiting for a decision."""
    patch = judged(a_rejection(by=by, **question))
    incident = patch.fix.incident
    patch_accept(patch=patch, user=patch.decision.user)  # type: ignore[union-attr]  # it came with a rejection
    tasks._next_round(incident.pk)
    fix = Fix.objects.get(incident=incident, author=f"user:{by}")
    fix.review = a_review(decision="request_changes", risk="LOW").model_dump(mode="json")
    fix.save()
    tasks.gate(incident.pk)
    return fix


def the_question(fix: Fix) -> Approval:
    return Approval.objects.get(incident=fix.incident, state=ApprovalState.PENDING)


def test_a_patch_that_passed_becomes_a_round_of_its_own_with_exactly_its_bytes() -> None:
    fix = a_persons_fix()

    patch = BetterPatch.objects.get()
    assert (fix.attempt, fix.patch, fix.diff_sha256) == (2, BETTER, BETTER.sha256)
    assert patch.accepted_as == fix
    assert status_of(fix.incident) == Status.AWAITING_APPROVAL
    assert the_question(fix).diff_sha256 == BETTER.sha256
    assert fix_chosen(fix.incident) == fix
    moves = Transition.objects.filter(incident=fix.incident, source=Status.REJECTED)
    assert [(move.target, move.actor) for move in moves] == [(Status.FIXING, "user:ada")]


def test_a_persons_patch_waits_for_another_person_whatever_its_risk() -> None:
    fix = a_persons_fix(severity=Severity.P1)
    question = the_question(fix)
    question.incident.service.approval_threshold = Risk.CRITICAL
    question.incident.service.save()

    with pytest.raises(DecisionRefused, match="You wrote this patch"):
        approval_approve(approval=question, user=ApprovalDecision.objects.get().user)
    with pytest.raises(GateClosed):
        gate_check(incident=fix.incident, fix=fix, risk=Risk.LOW, branch_files=question.branch_files)
    approval_approve(approval=question, user=person("bo"))

    gate_check(incident=fix.incident, fix=fix, risk=Risk(question.risk), branch_files=question.branch_files)
    assert {"risk": "HIGH", "reason": "ada wrote it by hand: another person must approve it"} in question.reasons


def test_an_approval_by_its_author_does_not_open_the_gate_even_as_a_row() -> None:
    fix = a_persons_fix()
    question = the_question(fix)
    ada = ApprovalDecision.objects.get().user
    ApprovalDecision.objects.create(approval=question, user=ada, decision="approve")
    Approval.objects.filter(pk=question.pk).update(state=ApprovalState.APPROVED)

    with pytest.raises(GateClosed):
        gate_check(incident=fix.incident, fix=fix, risk=Risk(question.risk), branch_files=question.branch_files)


def test_a_critical_one_takes_two_people_besides_its_author() -> None:
    fix = a_persons_fix(severity=Severity.P0)
    question = the_question(fix)
    approval_approve(approval=question, user=person("bo"))
    assert status_of(fix.incident) == Status.AWAITING_APPROVAL

    approval_approve(approval=question, user=person("cy"))

    assert status_of(fix.incident) == Status.OPENING_PR
    tasks.open_pull_request(fix.incident_id)
    assert PullRequest.objects.get().diff_sha256 == BETTER.sha256


def test_what_was_rejected_is_never_gone_on_with() -> None:
    fix = a_persons_fix()
    approval_reject(approval=the_question(fix), user=person("bo"), reason=RejectionReason.STYLE, comment="no")

    assert fix_chosen(fix.incident) is None


@pytest.mark.parametrize("verdict", [Verdict.REGRESSION, Verdict.NO_SIGNAL, Verdict.WEAKENED_TESTS])
def test_a_patch_that_did_not_pass_is_not_taken(verdict: Verdict) -> None:
    patch = judged(a_rejection(), verdict)

    with pytest.raises(DecisionRefused, match="only one that passed"):
        patch_accept(patch=patch, user=person("bo"))
    assert status_of(patch.fix.incident) == Status.REJECTED


def test_a_patch_that_breaks_the_guards_rules_is_a_preference_and_no_fix() -> None:
    patch = judged(a_rejection(), problems=["package-lock.json: a fix may not touch this file"])

    assert patch.state == TrialState.PASSED
    assert PreferencePair.objects.count() == 1
    with pytest.raises(DecisionRefused, match=r"a fix may not touch this file\. Open it by hand"):
        patch_accept(patch=patch, user=person("bo"))


def test_a_patch_is_taken_once_and_by_somebody_allowed() -> None:
    patch = judged(a_rejection())

    assert "the permission" in why_not_accept(patch=patch, user=person("vi", "viewer"))
    assert "only people decide" in why_not_accept(patch=patch, user=person("bot", "approver", "service-account"))
    patch_accept(patch=patch, user=person("bo"))
    with pytest.raises(DecisionRefused, match="bo took it as the fix at"):
        patch_accept(patch=patch, user=person("cy"))


def test_a_patch_is_not_taken_while_its_alarm_has_opened_another_incident() -> None:
    patch = judged(a_rejection())
    newer = IncidentFactory.create(fingerprint=patch.fix.incident.fingerprint, service=patch.fix.incident.service)

    with pytest.raises(DecisionRefused, match=f"#{newer.pk} is open for the same alarm"):
        patch_accept(patch=patch, user=person("bo"))


@pytest.mark.django_db(transaction=True)
def test_a_patch_is_not_taken_while_intake_opens_an_incident_for_the_same_alarm() -> None:
    patch = judged(a_rejection())
    was = patch.fix.incident

    with intake_opening(was) as opening, pytest.raises(DecisionRefused) as refused:
        patch_accept(patch=patch, user=person("bo"))

    assert f"#{opening.result()} is open for the same alarm" in str(refused.value)
    assert status_of(was) == Status.REJECTED


def test_a_worker_killed_while_it_makes_the_fix_leaves_one() -> None:
    patch = judged(a_rejection())
    incident = patch.fix.incident
    patch_accept(patch=patch, user=person("bo"))

    tasks._next_round(incident.pk)
    tasks._next_round(incident.pk)

    assert Fix.objects.filter(incident=incident, author="user:ada").count() == 1
    assert status_of(incident) == Status.REVIEWING


def test_an_accepted_patch_makes_one_pair_and_not_a_second_as_an_accepted_fix() -> None:
    fix = a_persons_fix()
    approval_approve(approval=the_question(fix), user=person("bo"))

    pairs_of_approvals(approvals=Approval.objects.all())

    assert [pair.source for pair in PreferencePair.objects.all()] == [PairSource.EDITED_PATCH]


def test_the_page_offers_to_take_a_patch_that_passed_and_takes_it() -> None:
    patch = judged(a_rejection())
    approval = patch.decision.approval  # type: ignore[union-attr]  # it came with a rejection
    client = Client()
    client.force_login(person("bo"))
    page = reverse("admin:approvals_approval_change", args=[approval.pk])
    offered = client.get(page).content.decode()

    url = reverse("admin:approvals_approval_accept", args=[approval.pk, patch.pk])
    after = client.post(url, follow=True).content.decode()

    assert "Take it as the fix" in offered
    assert "then another person is asked about exactly its bytes" in after
    assert "bo took it as the fix at" in after
    assert client.get(url).status_code == 405
    assert Incident.objects.get().status == Status.FIXING
