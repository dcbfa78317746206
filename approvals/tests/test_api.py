"""Decisions over the API: a person's token with the scope, exactly what was shown, a refusal with its reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token

from approvals.choices import ApprovalState, Scope
from approvals.models import AccessToken, Approval, BetterPatch
from approvals.services import approval_approve
from approvals.tests.stories import a_question, judged, person, token
from approvals.tests.test_accepting import a_rejection
from core.patch import Patch
from incidents.choices import Status
from incidents.models import Incident
from pipeline.facts import deployed_checkout
from pipeline.tests.stories import FIXED_TOTAL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("host")]

BOTH = (Scope.READ, Scope.DECIDE)


def ask(secret: str, path: str = "", data: dict[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    if data is None:
        return Client().get(f"/api/approvals/{path}", headers=headers)
    return Client().post(f"/api/approvals/{path}", data, content_type="application/json", headers=headers)


def approve(secret: str, approval: Approval, **data: Any) -> Any:
    return ask(secret, f"{approval.pk}/approve/", {"diff_sha256": approval.diff_sha256, **data})


def status(approval: Approval) -> str:
    return Incident.objects.get(pk=approval.incident_id).status


def test_a_bot_shows_what_waits_and_approves_it_for_its_person() -> None:
    approval, ada = a_question(), person("ada")
    secret = token("ada", *BOTH)

    [shown] = ask(secret).json()
    answer = approve(secret, approval, comment="from chat")

    assert (shown["id"], shown["risk"], shown["diff_sha256"]) == (approval.pk, "HIGH", approval.diff_sha256)
    assert (answer.status_code, answer.json()["state"]) == (200, ApprovalState.APPROVED)
    assert approval.decisions.get().user == ada
    assert status(approval) == Status.OPENING_PR
    assert ask(secret).json() == []


def test_a_rejection_teaches_as_one_in_the_console_does() -> None:
    approval = a_question()
    person("ada")
    better = Patch({"src/total.js": FIXED_TOTAL.replace("?? []", "|| []")})
    diff = better.diff(deployed_checkout(approval.incident).path)

    answer = ask(
        token("ada", *BOTH),
        f"{approval.pk}/reject/",
        {"diff_sha256": approval.diff_sha256, "reason": "style", "comment": "so", "better_diff": diff},
    )

    assert answer.status_code == 200
    assert status(approval) == Status.REJECTED
    assert BetterPatch.objects.get().sha256 == better.sha256


def test_other_bytes_than_those_asked_about_are_not_approved() -> None:
    approval = a_question()
    person("ada")

    answer = approve(token("ada", *BOTH), approval, diff_sha256="0" * 64)

    assert answer.status_code == 409
    assert "is not what is asked about" in answer.json()["detail"]
    assert status(approval) == Status.AWAITING_APPROVAL


def test_who_comes_second_is_told_who_was_first() -> None:
    approval = a_question()
    person("ada")
    approval_approve(approval=approval, user=person("bo"))

    answer = approve(token("ada", *BOTH), approval)

    assert answer.status_code == 409
    assert "already approved by bo at" in answer.json()["detail"]


@pytest.mark.parametrize("scopes", [(), (Scope.READ,)], ids=["none said", "read"])
def test_a_token_without_the_scope_reads_and_decides_nothing(scopes: tuple[Scope, ...]) -> None:
    approval = a_question()
    person("ada")
    secret = token("ada", *scopes)

    assert ask(secret).status_code == 200
    assert approve(secret, approval).status_code == 403
    assert status(approval) == Status.AWAITING_APPROVAL


def test_the_scope_gives_nobody_a_permission_that_they_do_not_have() -> None:
    approval = a_question()
    person("vi", "viewer")

    answer = approve(token("vi", *BOTH), approval)

    assert answer.status_code == 409
    assert "the permission approvals.decide_approval is needed" in answer.json()["detail"]


def test_a_service_account_decides_nothing_with_any_token() -> None:
    approval = a_question()
    person("bot", "approver", "service-account")

    answer = approve(token("bot", *BOTH), approval)

    assert "only people decide" in answer.json()["detail"]
    assert status(approval) == Status.AWAITING_APPROVAL


def test_an_unscoped_token_of_the_read_api_is_not_enough() -> None:
    approval = a_question()
    key = Token.objects.create(user=person("ada")).key

    refused = Client().post(
        f"/api/approvals/{approval.pk}/approve/",
        {"diff_sha256": approval.diff_sha256},
        content_type="application/json",
        headers={"Authorization": f"Token {key}"},
    )

    assert refused.status_code == 401


@pytest.mark.parametrize("how", ["unknown", "expired", "revoked", "inactive"])
def test_a_token_that_is_over_opens_nothing(how: str) -> None:
    approval, ada = a_question(), person("ada")
    secret = token("ada", *BOTH)
    if how == "unknown":
        secret += "x"
    elif how == "expired":
        AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "revoked":
        AccessToken.objects.update(revoked_at=timezone.now())
    else:
        ada.is_active = False
        ada.save()

    assert approve(secret, approval).status_code == 401
    assert ask(secret).status_code == 401


def test_the_token_itself_is_kept_nowhere() -> None:
    person("ada")

    secret = token("ada", *BOTH)

    kept = str(AccessToken.objects.values().get())
    assert secret.startswith("ap_")
    assert secret not in kept


def in_browser(name: str, *groups: str) -> tuple[Client, dict[str, str]]:
    """Return a signed-in browser that checks CSRF, and the header that a page of ours sends."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person(name, *groups))
    client.get("/api/me/")
    return client, {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_a_signed_in_person_decides_from_a_page_of_ours() -> None:
    approval = a_question()
    client, headers = in_browser("ada")
    [shown] = client.get("/api/approvals/").json()

    answer = client.post(
        f"/api/approvals/{approval.pk}/approve/",
        {"diff_sha256": shown["diff_sha256"], "comment": "read"},
        content_type="application/json",
        headers=headers,
    )

    assert (shown["allowed"], shown["why_not"]) == (["approve", "reject"], "")
    assert (answer.status_code, answer.json()["state"]) == (200, ApprovalState.APPROVED)
    assert answer.json()["allowed"] == []
    assert "already approved by ada at" in answer.json()["why_not"]


def test_who_may_only_read_is_told_that_nothing_is_allowed_and_why() -> None:
    a_question()
    client, _ = in_browser("vi", "viewer")

    [shown] = client.get("/api/approvals/").json()

    assert shown["allowed"] == []
    assert "the permission approvals.decide_approval is needed" in shown["why_not"]


def test_the_questions_of_one_incident_are_told_with_those_that_ended() -> None:
    ended, other = a_question(), a_question()
    Approval.objects.filter(pk=ended.pk).update(state=ApprovalState.EXPIRED, ended_because="nobody answered")
    client, _ = in_browser("ada")

    def told(incident: object) -> list[int]:
        return [row["id"] for row in client.get(f"/api/approvals/?incident={incident}").json()]

    assert told(ended.incident_id) == [ended.pk]
    assert told(other.incident_id) == [other.pk]
    assert told("x") == []
    assert [row["id"] for row in client.get("/api/approvals/").json()] == [other.pk]


def test_a_patch_that_passed_is_offered_and_taken_as_the_fix() -> None:
    patch = judged(a_rejection())
    question = patch.decision.approval  # type: ignore[union-attr]  # it came with a rejection
    person("bo")
    secret = token("bo", *BOTH)
    shown = ask(secret, f"{question.pk}/").json()

    stale = ask(secret, f"{question.pk}/accept_patch/", {"sha256": "0" * 64})
    answer = ask(secret, f"{question.pk}/accept_patch/", {"sha256": shown["edited_patch"]["sha256"]})
    again = ask(secret, f"{question.pk}/accept_patch/", {"sha256": shown["edited_patch"]["sha256"]})

    assert (shown["allowed"], shown["edited_patch"]["state"]) == (["accept_patch"], "passed")
    assert (stale.status_code, answer.status_code, again.status_code) == (409, 200, 409)
    assert answer.json()["edited_patch"]["accepted_by"] == "bo"
    assert status(question) == Status.FIXING
    assert ask(secret, f"{question.pk}/approve/", {"diff_sha256": question.diff_sha256}).status_code == 409


def test_without_an_edited_patch_there_is_none_to_take() -> None:
    approval = a_question()
    person("ada")

    answer = ask(token("ada", *BOTH), f"{approval.pk}/accept_patch/", {"sha256": "0" * 64})

    assert "No edited patch came with this decision" in answer.json()["detail"]


def test_a_signed_in_person_needs_the_csrf_token() -> None:
    approval = a_question()
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("ada"))

    refused = client.post(
        f"/api/approvals/{approval.pk}/approve/",
        {"diff_sha256": approval.diff_sha256},
        content_type="application/json",
    )

    assert refused.status_code == 403
    assert status(approval) == Status.AWAITING_APPROVAL
