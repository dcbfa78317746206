"""No fix at or above the threshold passes without a valid approval of exactly its bytes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone

from approvals.choices import ApprovalState, RejectionReason
from approvals.gate import GateClosed, gate_ask, gate_check
from approvals.groups import groups_ensure
from approvals.models import Approval, ApprovalDecision
from approvals.risk import Assessment, RiskPoint
from approvals.services import DecisionRefused, approval_approve, approval_reject
from core.patch import Patch
from incidents.choices import Risk, Status
from incidents.models import Fix, Incident
from incidents.tests.factories import FixFactory

pytestmark = pytest.mark.django_db

UNCHANGED: dict[str, str | None] = {"src/a.js": "1" * 64}


def assessed(risk: Risk) -> Assessment:
    return Assessment(risk, (RiskPoint(risk, "because"),))


def waiting_fix() -> Fix:
    files = {"src/a.js": "fixed\n"}
    fix: Fix = FixFactory.create(
        incident__status=Status.AWAITING_APPROVAL, files=files, diff_sha256=Patch(files).sha256
    )
    return fix


def person(name: str = "ada", *, may_decide: bool = True) -> User:
    groups_ensure()
    user = User.objects.create_user(name)
    user.groups.add(Group.objects.get(name="approver" if may_decide else "viewer"))
    return user


def asked(fix: Fix, risk: Risk = Risk.HIGH, *, branch_files: dict[str, str | None] | None = None) -> Approval:
    approval = gate_ask(
        incident=fix.incident, fix=fix, assessment=assessed(risk), branch_files=branch_files or UNCHANGED
    ).approval
    assert approval is not None
    return approval


def check(fix: Fix, risk: Risk, branch_files: dict[str, str | None] = UNCHANGED) -> None:
    gate_check(incident=fix.incident, fix=fix, risk=risk, branch_files=branch_files)


def test_below_the_threshold_nobody_is_asked() -> None:
    fix = waiting_fix()

    decision = gate_ask(incident=fix.incident, fix=fix, assessment=assessed(Risk.MEDIUM), branch_files=UNCHANGED)

    assert decision.approval is None
    check(fix, Risk.MEDIUM)


def test_asking_again_about_the_same_bytes_is_the_same_question() -> None:
    fix = waiting_fix()

    assert asked(fix) == asked(fix)


def test_a_newer_fix_supersedes_the_question() -> None:
    fix = waiting_fix()
    old = asked(fix)
    files = {"src/a.js": "better\n"}
    newer: Fix = FixFactory.create(incident=fix.incident, attempt=2, files=files, diff_sha256=Patch(files).sha256)

    new = asked(newer)

    old.refresh_from_db()
    assert (old.state, new.state) == (ApprovalState.SUPERSEDED, ApprovalState.PENDING)


def test_without_an_approval_the_gate_is_closed() -> None:
    fix = waiting_fix()
    asked(fix)

    with pytest.raises(GateClosed, match="no valid approval of its bytes"):
        check(fix, Risk.HIGH)


def test_an_approval_opens_the_gate_for_exactly_its_bytes() -> None:
    fix = waiting_fix()
    approval_approve(approval=asked(fix), user=person())

    check(fix, Risk.HIGH)
    assert Incident.objects.get(pk=fix.incident_id).status == Status.OPENING_PR

    fix.files = {"src/a.js": "something else\n"}
    with pytest.raises(GateClosed, match="do not match their sha256"):
        check(fix, Risk.HIGH)


def test_an_expired_approval_is_none() -> None:
    fix = waiting_fix()
    approval_approve(approval=asked(fix), user=person())
    Approval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(GateClosed):
        check(fix, Risk.HIGH)


def test_an_expired_question_cannot_be_answered() -> None:
    approval = asked(waiting_fix())
    approval.expires_at = timezone.now() - timedelta(seconds=1)
    approval.save()

    with pytest.raises(DecisionRefused, match="expired at"):
        approval_approve(approval=approval, user=person())


def test_somebody_without_the_permission_decides_nothing() -> None:
    fix = waiting_fix()

    with pytest.raises(DecisionRefused, match=r"the permission approvals\.decide_approval is needed"):
        approval_approve(approval=asked(fix), user=person(may_decide=False))

    assert Incident.objects.get(pk=fix.incident_id).status == Status.AWAITING_APPROVAL


def test_an_approval_holds_for_the_risk_that_was_asked_about_and_none_above() -> None:
    fix = waiting_fix()
    approval_approve(approval=asked(fix), user=person())

    with pytest.raises(GateClosed):
        check(fix, Risk.CRITICAL)

    again = asked(fix, Risk.CRITICAL)
    assert (again.state, again.people_needed) == (ApprovalState.PENDING, 2)


def test_an_approval_holds_for_the_default_branch_that_was_asked_about() -> None:
    fix = waiting_fix()
    approval_approve(approval=asked(fix), user=person())
    moved: dict[str, str | None] = {"src/a.js": "2" * 64}

    with pytest.raises(GateClosed):
        check(fix, Risk.HIGH, moved)
    with pytest.raises(GateClosed):
        check(fix, Risk.HIGH, {})

    assert asked(fix, branch_files=moved).state == ApprovalState.PENDING


def test_an_unknown_threshold_means_that_a_person_is_asked() -> None:
    fix = waiting_fix()
    fix.incident.service.approval_threshold = "SOMETIMES"

    assert asked(fix, Risk.LOW).state == ApprovalState.PENDING


def test_a_critical_fix_waits_for_a_second_and_different_person() -> None:
    fix = waiting_fix()
    approval, ada = asked(fix, Risk.CRITICAL), person("ada")
    approval_approve(approval=approval, user=ada)

    with pytest.raises(DecisionRefused, match="the next approval must be another person's"):
        approval_approve(approval=approval, user=ada)
    with pytest.raises(GateClosed):
        check(fix, Risk.CRITICAL)
    assert Incident.objects.get(pk=fix.incident_id).status == Status.AWAITING_APPROVAL

    approval_approve(approval=approval, user=person("bob"))

    check(fix, Risk.CRITICAL)
    moved = Incident.objects.get(pk=fix.incident_id).transitions.get(target=Status.OPENING_PR)
    assert (moved.actor, moved.reason) == ("user:bob", "approved by ada, bob")


def test_a_second_person_may_still_reject_what_the_first_approved() -> None:
    fix = waiting_fix()
    approval = asked(fix, Risk.CRITICAL)
    approval_approve(approval=approval, user=person("ada"))

    approval_reject(approval=approval, user=person("bob"), reason=RejectionReason.FIX_WRONG, comment="no")

    assert Incident.objects.get(pk=fix.incident_id).status == Status.REJECTED
    with pytest.raises(GateClosed):
        check(fix, Risk.CRITICAL)


def test_an_approved_row_without_the_decisions_of_people_opens_nothing() -> None:
    fix = waiting_fix()
    asked(fix)
    Approval.objects.update(state=ApprovalState.APPROVED)

    with pytest.raises(GateClosed):
        check(fix, Risk.HIGH)


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_service_account_never_decides(is_superuser: bool) -> None:
    fix = waiting_fix()
    bot = person("bot")
    bot.groups.add(Group.objects.get(name="service-account"))
    bot.is_superuser = is_superuser
    bot.save()

    with pytest.raises(DecisionRefused, match="bot is a service account; only people decide"):
        approval_approve(approval=asked(fix), user=bot)


def test_a_decision_about_an_incident_that_went_another_way_does_not_count() -> None:
    fix = waiting_fix()
    approval = asked(fix)
    Incident.objects.update(status=Status.CLOSED)

    with pytest.raises(DecisionRefused, match="The incident is closed now"):
        approval_approve(approval=approval, user=person())

    assert not ApprovalDecision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_wins_and_the_other_is_told_who() -> None:
    fix = waiting_fix()
    approval = asked(fix)
    people = [person("ada"), person("bob")]
    together = Barrier(2)

    def decide(user: User) -> str:
        mine = Approval.objects.select_related("incident", "fix").get(pk=approval.pk)
        together.wait()
        try:
            if user.username == "ada":
                approval_approve(approval=mine, user=user)
            else:
                approval_reject(approval=mine, user=user, reason=RejectionReason.FIX_WRONG, comment="it is wrong")
        except DecisionRefused as refused:
            return str(refused)
        finally:
            connection.close()
        return user.username

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, people))

    [winner] = [outcome for outcome in outcomes if outcome in ("ada", "bob")]
    [refusal] = [outcome for outcome in outcomes if outcome != winner]
    assert f"by {winner} at 2" in refusal
    assert ApprovalDecision.objects.get().user.username == winner
    expected = Status.OPENING_PR if winner == "ada" else Status.REJECTED
    assert Incident.objects.get(pk=fix.incident_id).status == expected
