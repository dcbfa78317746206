"""The story, told by doing it: each scene acts from outside and waits until the rows say what it expects."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from agents.fix.edits import patch_from
from agents.fix.handoff import FixProposal
from approvals.choices import ApprovalState, PairSource
from approvals.models import Approval, PreferencePair
from config.demo.outside import AdminPage, Production, Topic, forged
from config.demo.scenario import Scenario
from config.demo.view import View
from config.processes import Processes
from core.errors import PlatformError
from incidents.choices import AlarmProposalState, Status
from incidents.models import AlarmProposal, Event, Incident, PullRequest, StageRun
from incidents.timing import TimeToPullRequest, time_to_pull_request
from integrations.codehosts import code_host

# Generous: a killed worker's lease and a sweep may fall into any wait.
SCENE_SECONDS = 240
POLL_SECONDS = 0.1

T = TypeVar("T")


class StoryFailed(PlatformError):
    """A step of the story did not happen; the text says which and what stands instead."""


@dataclass(frozen=True)
class Ending:
    """What the demo counts at its end."""

    pull_requests: int
    rejected: int
    alarms_created: int
    first: TimeToPullRequest

    @property
    def line(self) -> str:
        return (
            f"DEMO OK: {self.pull_requests} pull requests, {self.rejected} rejected, "
            f"{self.alarms_created} alarm{'s' * (self.alarms_created != 1)} created; "
            f"time to first PR {self.first.total.total_seconds():.1f} s "
            f"(agents {self.first.agents.total_seconds():.1f} s, people {self.first.people.total_seconds():.1f} s)"
        )


@dataclass
class Story:
    """The scenes and what they need."""

    scenario: Scenario
    production: Production
    topic: Topic
    approver: AdminPage
    view: View
    processes: Processes
    is_scripted: bool

    def tell(self) -> Ending:
        """Play all scenes. Raises StoryFailed at the first step that does not happen."""
        alarms_before = self.production.alarm_names()
        checkout = self._first_alarm()
        noise, duplicate = self._alarm("slow"), self._alarm("http")
        self._wait(checkout, {Status.PR_OPEN, Status.MONITORING, Status.RESOLVED}, "the first pull request opens")
        self._wait(noise, {Status.NOISE}, "the second alarm is noise")
        self._wait(duplicate, {Status.DUPLICATE}, "the third alarm is a duplicate")
        self._check_rounds(checkout)
        self._show_diff(checkout)

        payment, refund = self._alarm("payment"), self._alarm("refund")
        self._wait(payment, {Status.AWAITING_APPROVAL}, "the payment fix stops at the gate")
        self._wait(refund, {Status.AWAITING_APPROVAL}, "the refund fix stops at the gate")
        self._reject(payment)
        self._approve(refund)
        self._wait(refund, {Status.PR_OPEN}, "the approved fix's pull request opens")

        self._wait(checkout, {Status.RESOLVED}, "the first pull request is merged and its alarm created")
        created = self.production.alarm_names() - alarms_before
        self._expect(bool(created), "a new CloudWatch alarm exists")
        self.view.say(f"CloudWatch has {', '.join(sorted(created))}", style="green")
        return self._ending([checkout, noise, duplicate, payment, refund], len(created))

    def first_pull_request(self) -> int:
        """Play only the first alarm up to its pull request; return the incident's id."""
        checkout = self._first_alarm()
        self._wait(checkout, {Status.PR_OPEN, Status.MONITORING, Status.RESOLVED}, "the first pull request opens")
        return checkout

    def _first_alarm(self) -> int:
        incident = self.scenario.incident("checkout")
        self.view.say(f"{incident.alarm.name} goes off: {incident.alarm.description}", style="bold")
        body = self.topic.message(self.production.fail(incident))
        answers = [self.topic.deliver(message) for message in (body, body, body, forged(body))]
        for answer, what in zip(answers, ("signed", "the same again", "and again", "forged"), strict=True):
            self.view.say(f"POST /webhooks/sns/ ({what}): {answer.status_code} {answer.text.strip()[:140]}")
        statuses = [answer.status_code for answer in answers]
        self._expect(
            statuses == [200, 200, 200, 403], f"the webhook answers 200, 200, 200, 403 (it was {statuses})"
        )
        incident_id = self._opened("checkout")
        events = Event.objects.filter(incident=incident_id).count()
        self._expect(events == 1, f"three deliveries are one event (there are {events})")
        return incident_id

    def _alarm(self, key: str) -> int:
        incident = self.scenario.incident(key)
        self.view.say(f"{incident.alarm.name} goes off: {incident.alarm.description}", style="bold")
        answer = self.topic.deliver(self.topic.message(self.production.fail(incident)))
        self._expect(answer.status_code == 200, f"the alarm is accepted ({answer.status_code} {answer.text})")
        return self._opened(key)

    def _opened(self, key: str) -> int:
        name = self.scenario.incident(key).alarm.name

        def find() -> int | None:
            newest = Event.objects.filter(alarm_name=name).order_by("-id").first()
            return newest.incident_id if newest else None

        found = self._until(find, f"{name} opens an incident")
        self.view.watch(found, key)
        return found

    def _reject(self, incident_id: int) -> None:
        approval = Approval.objects.get(incident=incident_id, state=ApprovalState.PENDING)
        rejection = self.scenario.rejection
        host = code_host()
        base = host.checkout(approval.incident.service.repository, approval.fix.base_commit).path
        proposal = FixProposal(rationale=rejection.comment, edits=rejection.edits, new_files=rejection.new_files)
        better = patch_from(proposal, checkout=base).diff(base)
        self.view.say(f"The approver rejects the fix of #{incident_id} with a better patch: {rejection.comment}")
        self.approver.decide(
            approval.pk,
            {
                "decision": "reject",
                "reason": rejection.reason,
                "comment": rejection.comment,
                "better_diff": better,
            },
        )
        self._wait(incident_id, {Status.REJECTED}, "the rejection counts")
        pairs = PreferencePair.objects.filter(incident=incident_id, source=PairSource.EDITED_PATCH)
        self._until(lambda: pairs.first(), "the better patch passes in the sandbox and is kept as a pair")

    def _approve(self, incident_id: int) -> None:
        approval = Approval.objects.get(incident=incident_id, state=ApprovalState.PENDING)
        self.view.say(f"The approver approves the fix of #{incident_id} (risk {approval.risk})")
        self.approver.decide(approval.pk, {"decision": "approve", "comment": "Read and understood."})

    def _check_rounds(self, incident_id: int) -> None:
        """The script has a fabricated function refused and a first round fail; a real model may do better."""
        if not self.is_scripted:
            return
        verdicts = list(
            Incident.objects.get(pk=incident_id).fixes.order_by("attempt").values_list("verdict", flat=True)
        )
        self._expect(
            len(verdicts) == 2 and verdicts[0] != "fixed" and verdicts[1] == "fixed",
            f"round 1 fails the tests and round 2 passes (verdicts: {verdicts})",
        )
        diagnosis = StageRun.objects.get(incident=incident_id, stage="diagnosis")
        refused = [
            str(block.get("content", ""))
            for step in diagnosis.steps.filter(role="user")
            for block in step.content
            if block.get("is_error")
        ]
        self._expect(len(refused) == 1, f"the guard refused the fabricated function (refusals: {refused})")
        self.view.say(f"The guard refused the first diagnosis: {refused[0][:300]}", style="yellow")

    def _show_diff(self, incident_id: int) -> None:
        pull_request = PullRequest.objects.select_related("fix").get(incident=incident_id)
        self.view.say(f"Pull request {pull_request.url}", style="green")
        self.view.diff(pull_request.fix.diff)

    def _ending(self, incident_ids: Collection[int], alarms_created: int) -> Ending:
        ours = Incident.objects.filter(pk__in=incident_ids)
        first = time_to_pull_request(ours.get(pk=min(incident_ids)))
        pull_requests = PullRequest.objects.filter(incident__in=ours).count()
        rejected = ours.filter(status=Status.REJECTED).count()
        proposals = AlarmProposal.objects.filter(incident__in=ours, state=AlarmProposalState.CREATED).count()
        if first is None:
            raise StoryFailed("the first incident has no pull request to time")
        self._expect(
            proposals == alarms_created, f"{proposals} proposals made {alarms_created} alarms in CloudWatch"
        )
        self._expect(pull_requests == 2, f"there are 2 pull requests (there are {pull_requests})")
        return Ending(pull_requests, rejected, alarms_created, first)

    def _wait(self, incident_id: int, expected: Collection[Status], what: str) -> None:
        def reached() -> bool | None:
            status = Incident.objects.values_list("status", flat=True).get(pk=incident_id)
            if status in expected:
                return True
            if status in {Status.NEEDS_HUMAN, Status.CLOSED}:
                raise StoryFailed(f"{what}: {self._state(incident_id)}")
            return None

        try:
            self._until(reached, what)
        except StoryFailed as error:
            raise StoryFailed(f"{error} {self._state(incident_id)}") from error

    def _until(self, ask: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + SCENE_SECONDS
        while time.monotonic() < deadline:
            self.view.refresh()
            found = ask()
            if found is not None:
                self.view.refresh()
                return found
            self.processes.check()
            time.sleep(POLL_SECONDS)
        raise StoryFailed(f"this did not happen within {SCENE_SECONDS} s: {what}.")

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise StoryFailed(f"this should hold and does not: {what}")

    def _state(self, incident_id: int) -> str:
        incident = Incident.objects.get(pk=incident_id)
        return f"Incident #{incident_id} is {incident.status}: {incident.status_reason or 'no reason given'}"
