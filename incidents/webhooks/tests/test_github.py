"""Every answer of the GitHub webhook, and what a pull request's end does to its incident."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from core.errors import Unavailable
from incidents.choices import Classification, GoldenCaseState, PullRequestState, Severity, Status
from incidents.false_positives import false_positive_rate
from incidents.models import GoldenCase, Incident, PullRequest, Transition
from incidents.tests.factories import PullRequestFactory
from incidents.webhooks import github as webhook

pytestmark = pytest.mark.django_db

SECRET = "It's a Secret to Everybody"
MERGE = "c" * 40
SAMPLE = json.loads((Path(__file__).parent / "samples" / "pull_request.closed.unmerged.json").read_text())


@pytest.fixture(autouse=True)
def secret(settings: Settings) -> None:
    settings.GITHUB_WEBHOOK_SECRET = SECRET


@pytest.fixture
def pull_request() -> PullRequest:
    row: PullRequest = PullRequestFactory(
        incident__status=Status.PR_OPEN,
        repository=SAMPLE["repository"]["full_name"],
        number=SAMPLE["pull_request"]["number"],
    )
    return row


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


class Answer(NamedTuple):
    code: int
    status: str
    reason: str


def post(body: bytes, *, event: str = "pull_request", signed: str | None = None) -> Answer:
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": "1"}
    if signed != "":
        headers["X-Hub-Signature-256"] = signed or signature(body)
    client = Client(enforce_csrf_checks=True)
    response = client.post("/webhooks/github/", body, content_type="application/json", headers=headers)
    return Answer(response.status_code, **response.json())


def unmerged() -> bytes:
    return json.dumps(SAMPLE).encode()


def merged(**changes: Any) -> bytes:
    ended = {**SAMPLE["pull_request"], "merged": True, "merge_commit_sha": MERGE, **changes}
    return json.dumps({**SAMPLE, "pull_request": ended}).encode()


def state_of(pull_request: PullRequest) -> tuple[str, str, str]:
    pull_request.refresh_from_db()
    incident = Incident.objects.get(pk=pull_request.incident_id)
    return pull_request.state, pull_request.merge_commit, incident.status


def test_a_merge_starts_the_monitors(pull_request: PullRequest) -> None:
    assert post(merged()) == (200, "merged", "Codertocat/Hello-World#2 is merged.")
    assert state_of(pull_request) == (PullRequestState.MERGED, MERGE, Status.MONITORING)
    assert Transition.objects.get().actor == "system:merge_webhook"


def test_a_merge_delivered_again_has_no_effect(pull_request: PullRequest) -> None:
    post(merged())

    assert post(merged())[:2] == (200, "repeated")
    assert Transition.objects.count() == 1


def test_a_merge_after_the_incident_went_on_by_itself_has_no_effect(pull_request: PullRequest) -> None:
    post(merged())
    Incident.objects.update(status=Status.RESOLVED)

    assert post(merged())[:2] == (200, "repeated")
    assert state_of(pull_request)[2] == Status.RESOLVED


def test_closing_unmerged_rejects_the_incident_and_names_who_did_it(pull_request: PullRequest) -> None:
    assert post(unmerged()) == (
        200,
        "closed",
        "Codertocat closed Codertocat/Hello-World#2 without merging it.",
    )
    assert state_of(pull_request) == (PullRequestState.CLOSED, "", Status.REJECTED)
    assert post(unmerged())[:2] == (200, "repeated")


def reopened() -> bytes:
    told = {**SAMPLE["pull_request"], "state": "open", "closed_at": None}
    return json.dumps({**SAMPLE, "action": "reopened", "pull_request": told}).encode()


def test_one_that_was_opened_again_is_waited_for_until_its_merge(pull_request: PullRequest) -> None:
    post(unmerged())

    assert post(reopened()) == (200, "reopened", "Codertocat opened Codertocat/Hello-World#2 again.")
    assert state_of(pull_request) == (PullRequestState.OPEN, "", Status.PR_OPEN)
    assert post(reopened())[:2] == (200, "repeated")
    assert post(merged())[:2] == (200, "merged")
    assert state_of(pull_request) == (PullRequestState.MERGED, MERGE, Status.MONITORING)


def test_an_old_closing_after_a_merge_has_no_effect(pull_request: PullRequest) -> None:
    post(merged())

    assert post(unmerged())[:2] == (200, "repeated")
    assert state_of(pull_request)[0] == PullRequestState.MERGED


def test_the_repositorys_name_may_be_written_in_another_case(pull_request: PullRequest) -> None:
    PullRequest.objects.update(repository="codertocat/hello-world")

    assert post(merged())[:2] == (200, "merged")


@pytest.mark.parametrize("signed", ["", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "sha256=\u00fc"])
def test_without_the_right_signature_nothing_is_read(pull_request: PullRequest, signed: str) -> None:
    assert post(merged(), signed=signed)[:2] == (403, "refused")
    assert post(b"not even JSON", signed=signed)[:2] == (403, "refused")
    assert state_of(pull_request) == (PullRequestState.OPEN, "", Status.PR_OPEN)


def test_a_signature_of_other_bytes_is_refused(pull_request: PullRequest) -> None:
    code, status, reason = post(merged(), signed=signature(unmerged()))

    assert (code, status) == (403, "refused")
    assert reason.endswith("Give the webhook the value of GITHUB_WEBHOOK_SECRET.")


def test_githubs_own_example_of_a_signature_is_accepted() -> None:
    signed = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert post(b"Hello, World!", signed=signed) == (
        400,
        "refused",
        "The body is not JSON. Set the webhook's content type to application/json.",
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"payload=%7B%7D", "The body is not JSON"),
        (b"{}", "action: Field required"),
        (json.dumps({**SAMPLE, "repository": {}}).encode(), "repository.full_name: Field required"),
        (merged(merge_commit_sha="HEAD"), "pull_request.merge_commit_sha: String should match"),
    ],
)
def test_what_is_malformed_is_400(body: bytes, sentence: str) -> None:
    code, status, reason = post(body)

    assert (code, status) == (400, "refused")
    assert reason.startswith(sentence)


def test_a_merge_without_its_commit_is_400(pull_request: PullRequest) -> None:
    assert post(merged(merge_commit_sha=None))[0] == 400
    assert state_of(pull_request)[0] == PullRequestState.OPEN


def test_a_pull_request_that_is_not_ours_is_404() -> None:
    assert post(merged()) == (
        404,
        "unknown",
        "Codertocat/Hello-World#2 is not a pull request of this platform.",
    )


@pytest.mark.parametrize("event", ["ping", "push", ""])
def test_other_events_are_ignored(event: str) -> None:
    assert post(b"{}", event=event)[:2] == (200, "ignored")


def test_other_actions_are_ignored(pull_request: PullRequest) -> None:
    body = json.dumps({**SAMPLE, "action": "synchronize"}).encode()

    assert post(body) == (200, "ignored", "The action 'synchronize' changes nothing here.")
    assert state_of(pull_request)[0] == PullRequestState.OPEN


def test_a_body_that_is_too_large_is_413() -> None:
    assert post(b"x" * (5 * 1024 * 1024 + 1))[:2] == (413, "refused")


def test_a_database_that_cannot_store_is_503(pull_request: PullRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(**merge: object) -> bool:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(webhook, "pull_request_merged", down)

    assert post(merged()) == (
        503,
        "unavailable",
        "This could not be recorded (OperationalError). Redeliver it.",
    )


def test_what_the_person_wrote_while_closing_is_kept_with_the_rejection(
    pull_request: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Host:
        def closing_comment(self, repository: str, number: int, *, by: str) -> str:
            return f"Wrong place, {by}; password=hunter22"

    monkeypatch.setattr(webhook, "code_host", Host)

    assert post(unmerged()).code == 200
    reason = Transition.objects.get(target=Status.REJECTED).reason
    assert reason.endswith("without merging it: Wrong place, Codertocat; password=[redacted:credential]")


@pytest.mark.parametrize(
    ("comment", "is_labelled"),
    [
        ("Not a bug: the coupon had expired.", True),
        ("This works as designed, closing.", True),
        ("> not a bug?\n\nIt is one, but elsewhere.", False),
        ("We want a feature flag, not a bug fix.", False),
        ("Wrong place.", False),
        ("", False),
    ],
)
def test_a_pull_request_closed_as_not_a_bug_makes_a_case_of_the_next_evaluation(
    pull_request: PullRequest, monkeypatch: pytest.MonkeyPatch, comment: str, is_labelled: bool
) -> None:
    class Host:
        def closing_comment(self, repository: str, number: int, *, by: str) -> str:
            return comment

    monkeypatch.setattr(webhook, "code_host", Host)
    Incident.objects.update(classification=Classification.REAL, severity=Severity.P2)

    assert post(unmerged()).code == post(unmerged()).code == 200

    assert state_of(pull_request)[2] == Status.REJECTED
    cases = [
        (case.incident_id, case.was_classification, case.classification, case.severity, case.provenance, case.why)
        for case in GoldenCase.objects.filter(state=GoldenCaseState.LABELLED)
    ]
    said = (Classification.REAL, Classification.NOISE, "P2", "pull_request", f"Codertocat: {comment}")
    assert cases == ([(pull_request.incident_id, *said)] if is_labelled else [])
    assert false_positive_rate().false == int(is_labelled)


def test_a_host_that_cannot_be_asked_does_not_lose_the_rejection(
    pull_request: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Host:
        def closing_comment(self, repository: str, number: int, *, by: str) -> str:
            raise Unavailable("github", "gone")

    monkeypatch.setattr(webhook, "code_host", Host)

    assert post(unmerged()).code == 200
    assert state_of(pull_request)[2] == Status.REJECTED
