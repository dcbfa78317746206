"""No sequence of decisions, retries and kills opens a pull request at or above the threshold without a valid
approval of exactly its bytes."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from approvals.accepting import patch_accept
from approvals.choices import ApprovalState, Decision, RejectionReason
from approvals.edited_patch import Better
from approvals.gate import GateClosed
from approvals.groups import groups_ensure
from approvals.models import Approval, BetterPatch
from approvals.services import DecisionRefused, approval_approve, approval_reject
from approvals.tests.stories import judged
from approvals.upkeep import questions_renew, questions_withdraw
from core.patch import Patch
from incidents.choices import Risk, Severity, Stage, Status, Verdict
from incidents.lifecycle import InvalidTransition, StaleState
from incidents.models import Fix, Incident, PullRequest
from incidents.services import incident_pause, incident_resume
from integrations.codehost import CodeHostError, HostedPullRequest
from integrations.localgit.host import LocalGitHost
from pipeline import fix_facts, gates, pull_requests, tasks
from pipeline.facts import deployed_checkout
from pipeline.fix_facts import fix_assessment
from pipeline.tests.stories import (
    FIXED_TOTAL,
    Killed,
    a_preparation,
    a_review,
    a_tried_fix,
    an_incident,
    leases_run_out,
    move,
    stage_done,
)

PEOPLE = ("ada", "bo", "cy", "viewer", "bot")
MAY_DECIDE = {"ada", "bo", "cy"}
WHERE_KILLED = ("never", "before the host", "after the host", "after the row")
SEVERITIES = st.sampled_from([Severity.P0, Severity.P1, Severity.P2])
REFUSALS = (DecisionRefused, InvalidTransition, StaleState, GateClosed)


class FakeHost:
    """Opens pull requests in memory and asks, at the moment of opening, whether one may be.

    As a real one it finds the branch of an earlier try again, and refuses to make another of it.
    """

    def __init__(self, machine: "Gate") -> None:
        self._machine = machine
        self.kill = "never"
        self.branches: dict[str, dict[str, str | None]] = {}

    def find_pull_request(self, _repository: str, _branch: str) -> None:
        """Say that nobody has ended one."""

    def open_pull_request(self, *, branch: str, files: dict[str, str | None], **_: Any) -> HostedPullRequest:
        if self.kill == "before the host":
            raise Killed
        if branch not in self.branches:
            self._machine.opens(dict(files))
            self.branches[branch] = dict(files)
        elif self.branches[branch] != files:
            raise CodeHostError(f"the branch {branch} exists with other content than the fix")
        if self.kill == "after the host":
            raise Killed
        return HostedPullRequest(
            number=1, url="http://127.0.0.1/1", branch=branch, head_commit="b" * 40, state="open"
        )


class Gate(RuleBasedStateMachine):
    """One incident, any number of fixes, five people and a worker that may die."""

    patched: pytest.MonkeyPatch
    seen: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.numbers = count(1)
        self.on_branch: dict[str, str | None] = {"src/total.js": "0" * 64}
        self.opened: list[str] = []
        self.violations: list[str] = []
        self.host = FakeHost(self)
        self.patched.setattr(pull_requests, "code_host", lambda: self.host)
        self.patched.setattr(pull_requests, "pull_request_body", lambda *_: "body")
        self.patched.setattr(pull_requests, "pull_request_title", lambda *_: "title")
        self.patched.setattr(pull_requests, "reviewers_of", lambda *_: [])
        self.patched.setattr(gates, "files_on_branch", lambda _fix: dict(self.on_branch))
        # What the policy makes of a branch that moved has tests of its own; here it would only be slow.
        self.patched.setattr(fix_facts, "_moved_paths", lambda *_: [])

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(
        severity=st.sampled_from([Severity.P0, Severity.P1, Severity.P2]), threshold=st.sampled_from(Risk.values)
    )
    def begins(self, severity: Severity, threshold: str) -> None:
        groups_ensure()
        self.people = {}
        for name in PEOPLE:
            user = User.objects.create_user(name)
            user.groups.add(Group.objects.get(name="viewer" if name == "viewer" else "approver"))
            self.people[name] = user
        self.people["bot"].groups.add(Group.objects.get(name="service-account"))
        incident = an_incident(severity=severity, status=Status.REVIEWING)
        incident.service.approval_threshold = threshold
        incident.service.save()
        self.pk = incident.pk
        stage_done(incident, Stage.PREPARE, a_preparation(incident))
        self.newer_fix()
        self.reaches_the_gate()

    @property
    def incident(self) -> Incident:
        return Incident.objects.select_related("service").get(pk=self.pk)

    @property
    def status(self) -> Status:
        return Status(self.incident.status)

    def newer_fix(self) -> None:
        number = next(self.numbers)
        a_tried_fix(self.incident, attempt=number, content=f"{FIXED_TOTAL}// {number}\n", review=a_review())

    def reaches_the_gate(self) -> None:
        tasks.gate(self.pk)

    @rule(name=st.sampled_from(PEOPLE))
    def approves(self, name: str) -> None:
        self._decides(name, lambda approval, user: approval_approve(approval=approval, user=user))

    @rule()
    def enough_people_approve(self) -> None:
        for name in sorted(MAY_DECIDE):
            self.approves(name)

    def somebody_rejects(self) -> None:
        self._decides(
            "cy",
            lambda approval, user: approval_reject(
                approval=approval, user=user, reason=RejectionReason.UNCLEAR, comment="no"
            ),
        )

    @rule(
        author=st.sampled_from(["ada", "cy"]),
        verdict=st.sampled_from([Verdict.FIXED, Verdict.FIXED, Verdict.FIXED, Verdict.REGRESSION]),
        is_approved=st.booleans(),
    )
    def somebody_rejects_with_a_patch_that_is_taken_as_the_fix(
        self, author: str, verdict: Verdict, is_approved: bool
    ) -> None:
        number = next(self.numbers)
        patch = Patch({"src/total.js": f"{FIXED_TOTAL}// by hand {number}\n"})
        better = Better(patch, patch.diff(deployed_checkout(self.incident).path))
        self._decides(
            author,
            lambda approval, user: approval_reject(
                approval=approval, user=user, reason=RejectionReason.FIX_WRONG, comment="so", better=better
            ),
        )
        row = BetterPatch.objects.filter(sha256=patch.sha256).first()
        if row is None:
            return
        row = judged(row, verdict)
        try:
            patch_accept(patch=row, user=self.people[author])
        except REFUSALS:
            return
        assert verdict == Verdict.FIXED, "a patch that did not pass was taken"
        tasks._next_round(self.pk)
        fix = Fix.objects.get(incident=self.pk, diff_sha256=patch.sha256)
        Fix.objects.filter(pk=fix.pk).update(review=a_review().model_dump(mode="json"))
        self.reaches_the_gate()
        self.seen["taken patches"] += 1
        if is_approved:
            self.enough_people_approve()

    def _decides(self, name: str, decide: Any) -> None:
        approval = Approval.objects.filter(incident=self.pk).order_by("-pk").first()
        if approval is None:
            return
        try:
            decide(approval, self.people[name])
        except REFUSALS:
            return
        assert name in MAY_DECIDE, f"{name} has decided"

    def time_passes(self) -> None:
        Approval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def looks_after_questions(self) -> None:
        questions_renew()
        questions_withdraw()

    def the_branch_moves(self) -> None:
        self.on_branch = {"src/total.js": f"{next(self.numbers):064d}"}

    def the_incident_becomes_worse(self) -> None:
        Incident.objects.filter(pk=self.pk).update(severity=Severity.P0)

    def the_incident_becomes_harmless(self) -> None:
        Incident.objects.filter(pk=self.pk).update(severity=Severity.P3)

    def somebody_tampers_with_the_stored_bytes(self) -> None:
        newest = Fix.objects.filter(incident=self.pk).latest("attempt")
        Fix.objects.filter(pk=newest.pk).update(files={"src/total.js": f"// {next(self.numbers)}\n"})

    def somebody_pauses_and_the_run_comes_back_to_the_gate(self) -> None:
        if self.status not in (Status.OPENING_PR, Status.AWAITING_APPROVAL):
            return
        incident_pause(incident=self.incident, actor="user:ada")
        incident_resume(incident=self.incident, actor="user:ada")
        move(self.incident, Status.REVIEWING)

    # One rule for all of it, so that decisions and workers are as frequent as everything else together.
    @rule(
        what=st.sampled_from(
            [
                newer_fix,
                reaches_the_gate,
                time_passes,
                looks_after_questions,
                the_branch_moves,
                the_incident_becomes_worse,
                the_incident_becomes_harmless,
                somebody_tampers_with_the_stored_bytes,
                somebody_pauses_and_the_run_comes_back_to_the_gate,
                somebody_rejects,
            ]
        )
    )
    def something_happens(self, what: Callable[["Gate"], None]) -> None:
        what(self)

    @rule(kill=st.sampled_from(WHERE_KILLED))
    def a_worker_opens(self, kill: str) -> None:
        self.host.kill = kill
        row = PullRequest.objects.update_or_create
        try:
            with pytest.MonkeyPatch.context() as dying:
                if kill == "after the row":
                    dying.setattr(PullRequest.objects, "update_or_create", _then_dies(row))
                tasks.open_pull_request(self.pk)
        except Killed:
            leases_run_out()
        finally:
            self.host.kill = "never"

    def opens(self, files: dict[str, str | None]) -> None:
        """Note, at the moment of opening and from the rows alone, what opens and whether it may.

        A failed assertion here would end as a stage's error, so what is wrong is kept for the invariant.
        """
        incident = self.incident
        fix = next((fix for fix in Fix.objects.filter(incident=incident) if fix.files == files), None)
        if fix is None or not fix.patch.sha256 == fix.diff_sha256 == (fix.report or {})["patch_sha256"]:
            self.violations.append("these bytes are not those of a tried fix")
            return
        risk = fix_assessment(fix, self.on_branch).risk
        is_risky = bool(fix.author) or risk.rank >= Risk(incident.service.approval_threshold).rank
        approvals = Approval.objects.filter(incident=incident)
        if is_risky and not any(self._is_valid(approval, fix, risk) for approval in approvals):
            self.violations.append(f"{fix} of risk {risk} has no valid approval")
        self.opened.append(fix.diff_sha256)
        self.seen["risky" if is_risky else "harmless"] += 1
        self.seen["written by hand"] += bool(fix.author)
        self.seen["critical"] += is_risky and risk == Risk.CRITICAL

    def _is_valid(self, approval: Approval, fix: Fix, risk: Risk) -> bool:
        decisions = list(approval.decisions.select_related("user"))
        approvers = {given.user.username for given in decisions if given.decision == Decision.APPROVE}
        return (
            approval.state == ApprovalState.APPROVED
            and approval.diff_sha256 == fix.diff_sha256
            and approval.expires_at > timezone.now()
            and approval.branch_files == self.on_branch
            and Risk(approval.risk).rank >= risk.rank
            and approvers <= MAY_DECIDE - {fix.author.removeprefix("user:")}
            and len(approvers) >= (2 if risk == Risk.CRITICAL else 1)
            and all(given.decision == Decision.APPROVE for given in decisions)
        )

    @invariant()
    def nothing_was_opened_that_may_not_be(self) -> None:
        assert self.violations == []

    @invariant()
    def at_most_one_pull_request_of_one_content(self) -> None:
        assert len(self.host.branches) <= 1
        assert len(set(self.opened)) <= 1


def _then_dies(write: Any) -> Any:
    def update_or_create(*args: Any, **kwargs: Any) -> None:
        write(*args, **kwargs)
        raise Killed

    return update_or_create


@pytest.fixture
def gate(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gate]]:
    monkeypatch.setattr(Gate, "patched", monkeypatch, raising=False)
    monkeypatch.setattr(Gate, "seen", Counter(), raising=False)
    yield Gate


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_nothing_opens_a_risky_pull_request_without_a_valid_approval_of_its_bytes(gate: type[Gate]) -> None:
    run_state_machine_as_test(
        gate,
        settings=settings(
            max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.django_db
def test_every_kind_of_pull_request_can_be_opened_by_the_steps_above(gate: type[Gate]) -> None:
    """Else the property would hold of steps that lead nowhere."""
    for severity, threshold in ((Severity.P2, Risk.CRITICAL), (Severity.P1, Risk.LOW), (Severity.P0, Risk.LOW)):
        machine = gate()
        machine.begins(severity=severity, threshold=threshold.value)
        machine.enough_people_approve()
        machine.a_worker_opens("never")
        machine.nothing_was_opened_that_may_not_be()
        machine.teardown()
    machine = gate()
    machine.begins(severity=Severity.P1, threshold=Risk.LOW.value)
    machine.somebody_rejects_with_a_patch_that_is_taken_as_the_fix("ada", Verdict.FIXED, True)
    machine.a_worker_opens("never")
    machine.nothing_was_opened_that_may_not_be()
    machine.teardown()
    for seen in ("risky", "harmless", "critical", "taken patches", "written by hand"):
        assert gate.seen[seen] > 0, seen
