"""At most one pull request, of exactly the bytes that were tried, reviewed and allowed, whoever dies when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone

from agents.tests.stories import a_diagnosis
from approvals.branch import files_on_branch
from approvals.choices import ApprovalState
from approvals.gate import gate_ask
from approvals.groups import groups_ensure
from approvals.models import Approval
from approvals.services import approval_approve
from core.errors import Unavailable
from core.patch import Patch
from incidents.choices import MergePolicy, PullRequestState, Severity, Stage, StageStatus, Status, Verdict
from incidents.models import Fix, Incident, PullRequest, StageRun, Transition
from incidents.services import pull_request_closed, pull_request_merged, pull_request_reopened
from integrations.codehost import ChecksPending
from integrations.git import git, git_text
from integrations.git_commits import commit_write, tree_with
from integrations.localgit.host import LocalGitHost
from integrations.localgit.models import LocalPullRequest
from pipeline import pull_requests, tasks
from pipeline.pull_request_body import MOST_CHARACTERS, pull_request_body
from pipeline.sweeper import sweep
from pipeline.tests.stories import (
    FIXED_TOTAL,
    REPOSITORY,
    Killed,
    a_review,
    a_tried_fix,
    an_incident,
    assessed,
    leases_run_out,
    move,
    reason_of,
    stage_done,
    status_of,
)

pytestmark = pytest.mark.django_db


def ready(*, severity: Severity = Severity.P2, **service: Any) -> Fix:
    """Return the reviewed fix of an incident whose pull request is next."""
    incident = an_incident(severity=severity, status=Status.OPENING_PR)
    for name, value in service.items():
        setattr(incident.service, name, value)
    incident.service.save()
    stage_done(incident, Stage.DIAGNOSIS, a_diagnosis())
    return a_tried_fix(incident, review=a_review())


def an_approver(name: str) -> User:
    groups_ensure()
    person = User.objects.create_user(name)
    person.groups.add(Group.objects.get(name="approver"))
    return person


def approved(fix: Fix, *, may_merge: bool = False) -> Approval:
    """Let a person approve exactly these bytes; where one is enough the incident goes on to its pull request."""
    move(fix.incident, Status.AWAITING_APPROVAL)
    approval = gate_ask(
        incident=fix.incident,
        fix=fix,
        assessment=assessed(fix),
        branch_files=files_on_branch(fix),
    ).approval
    assert approval is not None
    approval_approve(approval=approval, user=an_approver("ada"), may_merge=may_merge)
    return approval


def commit_to_main(host: LocalGitHost, files: dict[str, str | None]) -> None:
    """Let somebody push to the default branch."""
    git_dir, base = host.git_dir(REPOSITORY), host.resolve(REPOSITORY, "main")
    commit = commit_write(
        git_dir,
        tree=tree_with(git_dir, base, files),
        parents=[base],
        message="By hand\n",
        name="Cy",
        email="cy@example.test",
        at=timezone.now(),
    )
    git("update-ref", "refs/heads/main", commit, base, directory=git_dir)


def assert_people_are_asked(host: LocalGitHost, fix: Fix) -> None:
    assert status_of(fix.incident) == Status.AWAITING_APPROVAL
    assert branches(host) == []
    assert not PullRequest.objects.exists()
    assert Approval.objects.get(state=ApprovalState.PENDING).diff_sha256 == fix.diff_sha256


def checks_go_on(*_: object, **__: object) -> str:
    raise ChecksPending("build did not end yet")


def branches(host: LocalGitHost) -> list[str]:
    """Return the host's branches besides the default one."""
    names = git_text("for-each-ref", "--format=%(refname:short)", "refs/heads", directory=host.git_dir(REPOSITORY))
    return [name for name in names.split() if name != "main"]


def assert_nothing_was_opened(host: LocalGitHost, incident: Incident) -> None:
    assert status_of(incident) == Status.NEEDS_HUMAN
    assert branches(host) == []
    assert not LocalPullRequest.objects.exists()
    assert not PullRequest.objects.exists()


def assert_exactly_one_was_opened(host: LocalGitHost, fix: Fix) -> None:
    assert status_of(fix.incident) == Status.PR_OPEN
    [branch] = branches(host)
    hosted, row = LocalPullRequest.objects.get(), PullRequest.objects.get()
    assert (row.number, row.branch, row.head_commit) == (hosted.number, branch, hosted.head_commit)
    assert row.diff_sha256 == fix.diff_sha256
    moves = Transition.objects.filter(incident=fix.incident, target=Status.PR_OPEN)
    assert [transition.reason for transition in moves] == [row.url]


def test_the_branch_holds_exactly_the_bytes_that_were_tried(host: LocalGitHost) -> None:
    fix = ready()

    tasks.open_pull_request(fix.incident_id)

    assert_exactly_one_was_opened(host, fix)
    row = PullRequest.objects.get()
    git_dir = host.git_dir(REPOSITORY)
    changed = git_text("diff", "--name-only", fix.base_commit, row.head_commit, directory=git_dir).split()
    content = host.checkout(REPOSITORY, row.head_commit).path / "src/total.js"
    assert changed == ["src/total.js"]
    assert Patch({"src/total.js": content.read_text()}).sha256 == (fix.report or {})["patch_sha256"]
    assert fix.diff_sha256 in LocalPullRequest.objects.get().body


@pytest.mark.parametrize(
    "changed",
    [
        {"files": {"src/total.js": FIXED_TOTAL + "// one more line\n"}},
        {"diff_sha256": "0" * 64},
        {"files": {}, "diff_sha256": Patch().sha256},
    ],
    ids=["the content", "the recorded sha256", "both"],
)
def test_other_bytes_than_the_tried_ones_are_refused(host: LocalGitHost, changed: dict[str, Any]) -> None:
    fix = ready()
    Fix.objects.filter(pk=fix.pk).update(**changed)

    tasks.open_pull_request(fix.incident_id)

    assert_nothing_was_opened(host, fix.incident)
    assert "are not the ones that passed the sandbox; nothing was opened" in reason_of(fix.incident)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.FIXED])
def test_without_a_passed_trial_nothing_is_opened(host: LocalGitHost, verdict: Verdict) -> None:
    fix = ready()
    Fix.objects.filter(pk=fix.pk).update(verdict=verdict)

    tasks.open_pull_request(fix.incident_id)

    assert_nothing_was_opened(host, fix.incident)
    assert "no fix with a passed trial" in reason_of(fix.incident)


def test_what_weakens_the_proof_stands_in_the_pull_request(host: LocalGitHost) -> None:
    fix = ready()
    fix.report = {
        **(fix.report or {}),
        "by_exit_code": True,
        "changed_tests": ["tests/total.test.js::rounds"],
        "flaky": [f"tests/clock.test.js::{number}" for number in range(12)],
    }

    body = pull_request_body(fix, assessed(fix))

    assert "**Judged by the exit code of the test command alone**" in body
    assert "Changes existing tests: `tests/total.test.js::rounds`" in body
    assert "Flaky, so they prove nothing here: `tests/clock.test.js::0`, " in body
    assert "`tests/clock.test.js::9` and 2 more" in body


def test_a_test_stands_in_the_pull_request_by_the_very_name_that_it_has(host: LocalGitHost) -> None:
    fix = ready()
    fix.report = {**(fix.report or {}), "flaky": ["total.test.js::adds, and rounds", "total.test.js::ends"]}

    body = pull_request_body(fix, assessed(fix))

    assert "prove nothing here: `total.test.js::adds, and rounds`, `total.test.js::ends`\n" in body


def test_however_much_there_is_to_say_github_takes_the_text(host: LocalGitHost) -> None:
    fix = ready()
    names = [f"tests/total.test.js::an order with {number} lines" for number in range(2_000)]
    fix.report = {**(fix.report or {}), "fail_to_pass": names}

    body = pull_request_body(fix, assessed(fix))
    assert len(body) < 6_000
    assert f"- `{names[9]}`\n- and 1990 more\n" in body

    fix.rationale = "Because. " * 10_000
    cut = pull_request_body(fix, assessed(fix))
    assert len(cut) == MOST_CHARACTERS
    assert cut.endswith(f"sha256:{fix.diff_sha256} -->")


def test_a_proof_without_weakness_has_no_remarks(host: LocalGitHost) -> None:
    fix = ready()

    body = pull_request_body(fix, assessed(fix))

    for words in ("exit code", "existing tests expect", "Flaky"):
        assert words not in body


@pytest.mark.parametrize("severity", [Severity.P2, Severity.P1])
def test_a_decision_looks_once_at_the_default_branch(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch, severity: Severity
) -> None:
    fix = ready(severity=severity)
    if severity == Severity.P1:
        approved(fix)
    looks = []
    resolves = LocalGitHost.resolve

    def noted(self: LocalGitHost, repository: str, ref: str) -> str:
        looks.extend([ref] if ref == "main" else [])
        return resolves(self, repository, ref)

    monkeypatch.setattr(LocalGitHost, "resolve", noted)

    tasks.open_pull_request(fix.incident_id)
    assert_exactly_one_was_opened(host, fix)
    assert looks == ["main"]

    move(fix.incident, Status.REVIEWING)
    tasks.gate(fix.incident_id)
    assert looks == ["main", "main"]


def test_a_high_risk_without_an_approval_stops_at_the_gate(host: LocalGitHost) -> None:
    fix = ready(severity=Severity.P1)

    tasks.open_pull_request(fix.incident_id)

    assert_people_are_asked(host, fix)
    assert reason_of(fix.incident) == "asked again: risk HIGH: the incident is P1"


def test_an_approval_of_exactly_these_bytes_opens_the_pull_request(host: LocalGitHost) -> None:
    fix = ready(severity=Severity.P1)
    approved(fix)

    tasks.open_pull_request(fix.incident_id)

    assert_exactly_one_was_opened(host, fix)
    assert "approve by ada" in LocalPullRequest.objects.get().body


def test_an_approval_of_other_bytes_opens_nothing(host: LocalGitHost) -> None:
    approved(ready(severity=Severity.P1))
    incident = Incident.objects.get()
    newer = a_tried_fix(incident, attempt=2, content=FIXED_TOTAL + "// newer\n", review=a_review())

    tasks.open_pull_request(incident.pk)

    assert_people_are_asked(host, newer)
    assert Approval.objects.get(state=ApprovalState.SUPERSEDED).ended_because == "a newer fix took its place"


def test_an_approval_that_expired_before_the_pull_request_asks_again(host: LocalGitHost) -> None:
    fix = ready(severity=Severity.P1)
    approved(fix)
    Approval.objects.update(expires_at=timezone.now())

    tasks.open_pull_request(fix.incident_id)

    assert_people_are_asked(host, fix)
    assert "it expired at" in Approval.objects.get(state=ApprovalState.EXPIRED).ended_because


def test_a_default_branch_that_changed_the_same_file_asks_again(host: LocalGitHost) -> None:
    fix = ready(severity=Severity.P1)
    approved(fix)
    commit_to_main(host, {"src/total.js": FIXED_TOTAL + "// by somebody else\n"})

    tasks.open_pull_request(fix.incident_id)

    assert_people_are_asked(host, fix)
    ended = Approval.objects.get(state=ApprovalState.SUPERSEDED)
    assert ended.ended_because == "src/total.js changed on the default branch meanwhile"
    asked = Approval.objects.get(state=ApprovalState.PENDING)
    moved = "src/total.js changed on the default branch since the commit that was tested"
    assert {"risk": "HIGH", "reason": moved} in asked.reasons


def test_a_default_branch_that_changed_other_files_asks_nobody(host: LocalGitHost) -> None:
    fix = ready(severity=Severity.P1)
    approved(fix)
    commit_to_main(host, {"README.md": "Read me.\n"})

    tasks.open_pull_request(fix.incident_id)

    assert_exactly_one_was_opened(host, fix)


def test_a_low_risk_fix_of_a_file_that_changed_meanwhile_waits_for_a_person(host: LocalGitHost) -> None:
    fix = ready()
    commit_to_main(host, {"src/total.js": FIXED_TOTAL + "// by somebody else\n"})

    tasks.open_pull_request(fix.incident_id)

    assert_people_are_asked(host, fix)


def test_a_critical_fix_needs_two_different_people(host: LocalGitHost) -> None:
    fix = ready(severity=Severity.P0)
    approval = approved(fix)

    assert status_of(fix.incident) == Status.AWAITING_APPROVAL
    tasks.open_pull_request(fix.incident_id)
    assert branches(host) == []

    approval_approve(approval=approval, user=an_approver("bo"))
    tasks.open_pull_request(fix.incident_id)

    assert_exactly_one_was_opened(host, fix)


def test_a_worker_killed_after_recording_a_platforms_merge_keeps_it_the_platforms(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = ready(merge_policy=MergePolicy.WHEN_GREEN)
    with monkeypatch.context() as patched:
        _kill(patched, host, "after the row")
        with pytest.raises(Killed):
            tasks.open_pull_request(fix.incident_id)
    leases_run_out()

    tasks.open_pull_request(fix.incident_id)

    assert PullRequest.objects.get().is_merged_by_platform


@pytest.mark.parametrize("point", ["after the branch", "after the host", "after the row", "before the move"])
def test_a_worker_killed_anywhere_leaves_one_pull_request(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    fix = ready()
    with monkeypatch.context() as patched:
        _kill(patched, host, point)
        for _ in range(2):
            with pytest.raises(Killed):
                tasks.open_pull_request(fix.incident_id)
            assert status_of(fix.incident) == Status.OPENING_PR
            leases_run_out()

    tasks.open_pull_request(fix.incident_id)
    tasks.open_pull_request(fix.incident_id)

    assert_exactly_one_was_opened(host, fix)


@pytest.mark.django_db(transaction=True)
def test_three_workers_at_once_open_one_pull_request(host: LocalGitHost) -> None:
    fix = ready()
    together = Barrier(3)

    def deliver(_number: int) -> None:
        together.wait(10)
        try:
            tasks.open_pull_request(fix.incident_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(deliver, range(3)))

    assert_exactly_one_was_opened(host, fix)
    assert StageRun.objects.filter(stage=Stage.PULL_REQUEST).count() == 1


@pytest.mark.parametrize(
    ("policy", "threshold", "is_ticked", "is_merged"),
    [
        (MergePolicy.WHEN_GREEN, "HIGH", False, True),
        (MergePolicy.PEOPLE, "HIGH", False, False),
        (MergePolicy.WHEN_GREEN, "LOW", False, False),
        (MergePolicy.WHEN_GREEN, "LOW", True, True),
        (MergePolicy.PEOPLE, "LOW", True, False),
    ],
    ids=["below the threshold", "people merge", "a person approved", "and ticked it", "ticked for nothing"],
)
def test_the_platform_merges_only_what_its_service_lets_it(
    host: LocalGitHost, policy: MergePolicy, threshold: str, is_ticked: bool, is_merged: bool
) -> None:
    fix = ready(merge_policy=policy, approval_threshold=threshold)
    if threshold == "LOW":
        approved(fix, may_merge=is_ticked)
    tasks.open_pull_request(fix.incident_id)
    before = host.resolve(REPOSITORY, "main")

    tasks.merge(fix.incident_id)

    assert PullRequest.objects.get().is_merged_by_platform == is_merged
    assert (LocalPullRequest.objects.get().state == "merged") == is_merged
    assert (host.resolve(REPOSITORY, "main") != before) == is_merged
    assert status_of(fix.incident) == Status.PR_OPEN


def test_a_merge_whose_webhook_was_lost_is_recorded_at_the_next_try(host: LocalGitHost) -> None:
    fix = ready(merge_policy=MergePolicy.WHEN_GREEN)
    tasks.open_pull_request(fix.incident_id)
    tasks.merge(fix.incident_id)
    assert status_of(fix.incident) == Status.PR_OPEN

    tasks.merge(fix.incident_id)

    row = PullRequest.objects.get()
    assert (row.state, row.merge_commit) == (PullRequestState.MERGED, host.resolve(REPOSITORY, "main"))
    assert status_of(fix.incident) == Status.MONITORING


def test_a_merge_that_the_host_refuses_is_left_to_people_with_the_reason(host: LocalGitHost) -> None:
    fix = ready(merge_policy=MergePolicy.WHEN_GREEN)
    tasks.open_pull_request(fix.incident_id)
    host.close_pull_request(REPOSITORY, PullRequest.objects.get().number)

    tasks.merge(fix.incident_id)
    tasks.merge(fix.incident_id)

    assert status_of(fix.incident) == Status.PR_OPEN
    assert "is closed, so it cannot be merged" in reason_of(fix.incident)
    assert not PullRequest.objects.get().is_merged_by_platform
    assert StageRun.objects.filter(stage=Stage.MERGE, status=StageStatus.FAILED).count() == 1


def test_a_merge_waits_for_the_hosts_checks_and_is_tried_again_by_the_sweeper(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch, sent: list[int]
) -> None:
    fix = ready(merge_policy=MergePolicy.WHEN_GREEN)
    tasks.open_pull_request(fix.incident_id)
    with monkeypatch.context() as busy:
        busy.setattr(LocalGitHost, "merge_pull_request", checks_go_on)
        tasks.merge(fix.incident_id)

    assert status_of(fix.incident) == Status.PR_OPEN
    assert reason_of(fix.incident) == "Waiting for checks: build did not end yet"
    assert PullRequest.objects.get().is_merged_by_platform
    Incident.objects.update(active_at=timezone.now() - timedelta(hours=1))
    assert sweep() == [fix.incident_id]

    tasks.merge(fix.incident_id)

    assert LocalPullRequest.objects.get().state == "merged"


def test_checks_that_do_not_end_within_a_day_leave_the_merge_to_people(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = ready(merge_policy=MergePolicy.WHEN_GREEN)
    tasks.open_pull_request(fix.incident_id)
    PullRequest.objects.update(opened_at=timezone.now() - timedelta(hours=25))
    monkeypatch.setattr(LocalGitHost, "merge_pull_request", checks_go_on)

    tasks.merge(fix.incident_id)

    assert "was not merged: build did not end yet. Merge or close it by hand." in reason_of(fix.incident)
    assert not PullRequest.objects.get().is_merged_by_platform


def test_an_incident_resumed_after_its_merge_goes_on_to_its_monitors(host: LocalGitHost) -> None:
    fix = ready()
    tasks.open_pull_request(fix.incident_id)
    pull_request_merged(pull_request=PullRequest.objects.get(), merge_commit="c" * 40, actor="system:webhook")
    move(fix.incident, Status.OPENING_PR)

    tasks.open_pull_request(fix.incident_id)

    assert status_of(fix.incident) == Status.MONITORING
    assert LocalPullRequest.objects.count() == PullRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("end", "status", "state"),
    [
        ("merged", Status.MONITORING, PullRequestState.MERGED),
        ("closed", Status.REJECTED, PullRequestState.CLOSED),
    ],
)
def test_a_pull_request_that_ended_before_its_row_was_written_is_not_waited_for(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch, end: str, status: Status, state: PullRequestState
) -> None:
    fix = ready()
    with monkeypatch.context() as patched:
        _kill(patched, host, "after the host")
        with pytest.raises(Killed):
            tasks.open_pull_request(fix.incident_id)
    _ended_by_a_person(host, end)
    leases_run_out()

    tasks.open_pull_request(fix.incident_id)

    row = PullRequest.objects.get()
    assert (status_of(fix.incident), row.state) == (status, state)
    assert row.merge_commit == LocalPullRequest.objects.get().merge_commit
    assert row.closed_at is not None


@pytest.mark.parametrize(
    ("end", "status", "state"),
    [
        ("merged", Status.MONITORING, PullRequestState.MERGED),
        ("closed", Status.REJECTED, PullRequestState.CLOSED),
        ("not at all", Status.PR_OPEN, PullRequestState.OPEN),
    ],
)
def test_an_end_that_no_webhook_told_is_asked_for(
    host: LocalGitHost, end: str, status: Status, state: PullRequestState
) -> None:
    fix = ready()
    tasks.open_pull_request(fix.incident_id)
    _ended_by_a_person(host, end)

    tasks.ask_pull_requests()
    tasks.ask_pull_requests()

    assert (status_of(fix.incident), PullRequest.objects.get().state) == (status, state)
    assert Transition.objects.filter(incident=fix.incident, target=status).count() == 1


@pytest.mark.parametrize(
    ("closed_ago", "is_found"),
    [
        (timedelta(seconds=5), False),
        (timedelta(minutes=2), True),
        (timedelta(hours=23), True),
        (timedelta(hours=25), False),
    ],
)
def test_that_a_closed_one_was_opened_again_is_asked_for_within_a_day(
    host: LocalGitHost, closed_ago: timedelta, is_found: bool
) -> None:
    fix = ready()
    tasks.open_pull_request(fix.incident_id)
    _ended_by_a_person(host, "closed")
    tasks.ask_pull_requests()
    PullRequest.objects.update(closed_at=timezone.now() - closed_ago)
    tasks.ask_pull_requests()
    assert status_of(fix.incident) == Status.REJECTED

    LocalPullRequest.objects.update(state="open", closed_at=None)  # no webhook reaches the platform
    tasks.ask_pull_requests()

    found = (Status.PR_OPEN, PullRequestState.OPEN) if is_found else (Status.REJECTED, PullRequestState.CLOSED)
    assert (status_of(fix.incident), PullRequest.objects.get().state) == found


def test_the_news_of_a_closing_that_comes_after_that_of_the_reopening_is_put_right(host: LocalGitHost) -> None:
    fix = ready()
    tasks.open_pull_request(fix.incident_id)
    ours = PullRequest.objects.get()
    assert not pull_request_reopened(pull_request=ours, actor="system:webhook", reason="ada opened it again")
    pull_request_closed(pull_request=ours, actor="system:webhook", reason="ada closed it")
    PullRequest.objects.update(closed_at=timezone.now() - timedelta(minutes=2))

    tasks.ask_pull_requests()

    assert status_of(fix.incident) == Status.PR_OPEN
    assert reason_of(fix.incident) == f"somebody opened {ours} again"


def test_a_host_that_is_away_is_asked_about_no_other_pull_request(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        tasks.open_pull_request(ready().incident_id)
    asked = []

    def is_away(_self: LocalGitHost, _repository: str, branch: str) -> None:
        asked.append(branch)
        raise Unavailable("github", "502")

    monkeypatch.setattr(LocalGitHost, "find_pull_request", is_away)

    tasks.ask_pull_requests()

    assert len(asked) == 1


def _ended_by_a_person(host: LocalGitHost, end: str) -> None:
    """Let a person merge or close the one pull request; no webhook reaches the platform in these tests."""
    hosted = LocalPullRequest.objects.get()
    if end == "merged":
        host.merge_pull_request(REPOSITORY, hosted.number, head_commit=hosted.head_commit)
    elif end == "closed":
        host.close_pull_request(REPOSITORY, hosted.number)


def _kill(monkeypatch: pytest.MonkeyPatch, host: LocalGitHost, point: str) -> None:
    """Let the worker die at `point`, every time that it gets there."""

    def dies(*_arguments: object, **_keywords: object) -> None:
        raise Killed(point)

    opens = LocalGitHost.open_pull_request

    def opens_and_dies(self: LocalGitHost, **keywords: Any) -> None:
        opens(self, **keywords)
        raise Killed(point)

    match point:
        case "after the branch":
            monkeypatch.setattr(LocalPullRequest.objects, "create", dies)
        case "after the host":
            monkeypatch.setattr(LocalGitHost, "open_pull_request", opens_and_dies)
        case "after the row":
            monkeypatch.setattr(pull_requests, "PullRequestOpened", dies)
        case _:
            monkeypatch.setattr(pull_requests, "pipeline_move", dies)
