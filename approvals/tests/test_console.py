"""The console as a person uses it: what the page shows, and what a sent form does."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from agents.grounding.blast_radius import radius_of_patch
from agents.grounding.kept import index_for
from approvals.choices import ApprovalState, TrialState
from approvals.models import Approval, BetterPatch
from approvals.services import approval_approve
from approvals.tests.stories import a_question, person
from core.patch import Patch
from incidents.choices import MergePolicy, Severity, Stage, Status
from incidents.models import Incident, Service
from integrations.localgit.host import LocalGitHost
from pipeline.facts import deployed_checkout
from pipeline.fixes import ProposalMade
from pipeline.tests.stories import FIXED_TOTAL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("host")]


def signed_in(name: str = "ada", *groups: str) -> Client:
    client = Client()
    client.force_login(person(name, *groups))
    return client


def page(approval: Approval) -> str:
    return reverse("admin:approvals_approval_change", args=[approval.pk])


def decide(client: Client, approval: Approval, **fields: str) -> str:
    """Send one of the page's forms and return the page that follows."""
    sent = client.post(reverse("admin:approvals_approval_decide", args=[approval.pk]), fields, follow=True)
    return str(sent.content.decode())


def status(approval: Approval) -> str:
    return Incident.objects.get(pk=approval.incident_id).status


def test_the_page_shows_cause_proof_risk_and_change_without_another_click() -> None:
    approval = a_question()

    shown = signed_in().get(page(approval)).content.decode()

    for expected in (
        f"/pulls/demo/orders/blob/{approval.fix.base_commit}/src/total.js#L",
        "tests/total.test.js::an order without lines",
        "the incident is P1",
        "The second reader says approve.",
        "Approve and open the pull request",
        '<span class="k">',  # a keyword in its colour
        "side by side",
    ):
        assert expected in shown


def test_a_superuser_reads_every_page_of_the_console_that_has_a_row() -> None:
    approval = a_question()
    approval_approve(approval=approval, user=person("bo"), comment="Read and understood.")
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    rows = {model: model._default_manager.first() for model in admin.site._registry}

    pages = [reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist") for model in rows]
    pages += [
        reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
        for model, row in rows.items()
        if row is not None
    ]
    answers = {address: client.get(address, follow=True).status_code for address in pages}

    assert page(approval) in answers
    assert set(answers.values()) == {200}, answers


def test_the_page_says_what_the_change_can_reach() -> None:
    approval = a_question()
    index = index_for(deployed_checkout(approval.incident))
    made = ProposalMade(fix_id=approval.fix_id, blast_radius=radius_of_patch(approval.fix.patch, index=index))
    runs = approval.incident.stage_runs.filter(stage=Stage.FIX)
    assert "Reach:" not in signed_in().get(page(approval)).content.decode()

    runs.update(output=made.model_dump(mode="json"))
    shown = signed_in("bo").get(page(approval)).content.decode()

    assert "Reach: 1 function in 1 file lead here" in shown
    assert "<code>src/routes/orders.js:4</code> showOrder" in shown


def test_nothing_from_outside_becomes_markup_or_leaks_on_the_page() -> None:
    approval = a_question(content=FIXED_TOTAL + "// <script>alert(1)</script> password=hunter22-hunter22\n")

    shown = signed_in().get(page(approval)).content.decode()

    assert "<script>alert(1)" not in shown
    assert "hunter22" not in shown


def test_the_queue_shows_what_waits_oldest_first() -> None:
    first, second = a_question(), a_question()
    decided = a_question()
    Approval.objects.filter(pk=decided.pk).update(state=ApprovalState.REJECTED)

    shown = signed_in().get(reverse("admin:approvals_approval_changelist"), follow=True).content.decode()

    places = [shown.find(page(approval)) for approval in (first, second, decided)]
    assert 0 < places[0] < places[1]
    assert places[2] == -1
    assert "nobody (0 of 1)" in shown


def test_approving_opens_the_pull_request() -> None:
    approval = a_question()

    shown = decide(signed_in(), approval, decision="approve", comment="Read it.")

    assert "Your approval is recorded; the pull request opens now." in shown
    assert status(approval) == Status.OPENING_PR


def test_the_first_of_two_people_is_told_that_one_is_missing() -> None:
    approval = a_question(severity=Severity.P0)

    shown = decide(signed_in(), approval, decision="approve")

    assert "It takes 1 more, by somebody else." in shown
    assert "You approved this at" in shown
    assert status(approval) == Status.AWAITING_APPROVAL


def test_merging_is_offered_only_where_the_service_wants_it() -> None:
    approval = a_question()
    client = signed_in()

    assert "may_merge" not in client.get(page(approval)).content.decode()
    Service.objects.update(merge_policy=MergePolicy.WHEN_GREEN)
    assert 'name="may_merge"' in client.get(page(approval)).content.decode()


def test_who_comes_second_is_told_who_was_first_and_when() -> None:
    approval = a_question()
    late = signed_in("bob")
    approval_approve(approval=approval, user=person("ada"))

    shown = decide(late, approval, decision="reject", reason="style", comment="no")

    assert "This request is already approved by ada at 2" in shown
    assert "your decision was not counted" in shown
    assert status(approval) == Status.OPENING_PR


def test_who_may_not_decide_sees_why_and_has_no_form() -> None:
    approval = a_question()
    client = signed_in("vi", "viewer")

    shown = client.get(page(approval)).content.decode()
    after = decide(client, approval, decision="approve")

    assert 'id="approve"' not in shown
    assert "the permission approvals.decide_approval is needed" in shown
    assert "the permission approvals.decide_approval is needed" in after
    assert status(approval) == Status.AWAITING_APPROVAL


def test_a_decision_is_never_taken_by_a_link() -> None:
    approval = a_question()

    answer = signed_in().get(reverse("admin:approvals_approval_decide", args=[approval.pk]))

    assert answer.status_code == 405


def test_a_file_edited_in_the_page_goes_to_the_sandbox_and_the_rejection_counts_at_once() -> None:
    approval = a_question()
    better = FIXED_TOTAL.replace("?? []", "|| []")

    shown = decide(
        signed_in(),
        approval,
        decision="reject",
        reason="fix_wrong",
        comment="null is not the only nothing",
        **{"edit:src/total.js": better.replace("\n", "\r\n"), "better_diff": ""},
    )

    patch = BetterPatch.objects.get()
    assert "it counts once it has passed there" in shown
    assert "waits for the sandbox" in shown
    assert (patch.files, patch.state) == ({"src/total.js": better}, TrialState.WAITING)
    assert patch.sha256 == Patch({"src/total.js": better}).sha256
    assert patch.diff.startswith("diff --git a/src/total.js b/src/total.js\n")
    assert status(approval) == Status.REJECTED


def test_files_sent_back_as_they_were_are_no_better_patch() -> None:
    approval = a_question()

    decide(
        signed_in(),
        approval,
        decision="reject",
        reason="not_wanted",
        comment="leave it",
        **{"edit:src/total.js": FIXED_TOTAL.replace("\n", "\r\n")},
    )

    assert not BetterPatch.objects.exists()
    assert status(approval) == Status.REJECTED


def test_a_pasted_diff_that_does_not_apply_records_nothing() -> None:
    approval = a_question()

    shown = decide(
        signed_in(),
        approval,
        decision="reject",
        reason="style",
        comment="so",
        better_diff="--- a/src/total.js\n+++ b/src/total.js\n@@ -1 +1 @@\n-not there\n+x\n",
    )

    assert "does not apply" in shown
    assert status(approval) == Status.AWAITING_APPROVAL


def test_a_rejection_needs_a_reason_and_a_comment() -> None:
    approval = a_question()

    shown = decide(signed_in(), approval, decision="reject", reason="", comment="")

    assert "A rejection needs a reason and a comment" in shown
    assert status(approval) == Status.AWAITING_APPROVAL


def test_earlier_rejections_of_the_same_error_are_shown(host: LocalGitHost) -> None:
    first = a_question()
    decide(signed_in("ada"), first, decision="reject", reason="analysis_wrong", comment="the loader is at fault")
    again = a_question()
    Incident.objects.filter(pk=again.incident_id).update(
        fingerprint=first.incident.fingerprint, service=first.incident.service
    )

    shown = signed_in("bob").get(page(again)).content.decode()

    assert "Rejected before for this error" in shown
    assert "the loader is at fault" in shown
