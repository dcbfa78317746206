"""A question to people as the pipeline asks it: a real repository, a tried and reviewed fix, a person."""

from io import StringIO
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management import call_command

from agents.tests.stories import a_diagnosis
from approvals.better_patches import better_patch_judged
from approvals.choices import Scope
from approvals.groups import groups_ensure
from approvals.models import Approval, BetterPatch
from incidents.choices import Severity, Stage, Status, Verdict
from incidents.models import AgentStep, Fix, StageRun
from pipeline.gates import gate_run
from pipeline.tests.stories import a_report, a_review, a_tried_fix, an_incident, move, stage_done

PROMPT = "Fix incident 1 of the service `orders`. Round 1, candidate 1. Tests: jest."


def person(name: str = "ada", *groups: str) -> User:
    """Return somebody of these groups, by default an approver."""
    groups_ensure()
    user = User.objects.create_user(name, password="a long enough pass phrase", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups or ["approver"]))
    return user


def a_fix(*, severity: Severity = Severity.P1, **fix: Any) -> Fix:
    """Return a reviewed fix whose prompt is kept, in an incident that is under review."""
    incident = an_incident(severity=severity, status=Status.REVIEWING)
    stage_done(incident, Stage.DIAGNOSIS, a_diagnosis())
    tried = a_tried_fix(incident, review=a_review(), **fix)
    prompt_kept(tried)
    return tried


def prompt_kept(fix: Fix, text: str = PROMPT) -> None:
    """Keep the conversation that this fix came from."""
    runs = StageRun.objects.filter(incident=fix.incident, stage=Stage.FIX)
    run = runs.get(attempt=fix.attempt, candidate=fix.candidate)
    AgentStep.objects.create(stage_run=run, number=0, role="user", content=[{"type": "text", "text": text}])


def a_question(**fields: Any) -> Approval:
    """Return the pending approval of a fix at or above the threshold, as the gate asks for it."""
    fix = a_fix(**fields)
    gate_run(fix.incident)
    approval: Approval = Approval.objects.get(incident=fix.incident)
    return approval


def ask_again(fix: Fix) -> Approval:
    """Bring the incident to the gate once more."""
    move(fix.incident, Status.REVIEWING)
    gate_run(fix.incident)
    return Approval.objects.filter(incident=fix.incident).latest("pk")


def token(name: str, *scopes: Scope) -> str:
    """Return a new token of this person for a program."""
    written = StringIO()
    options = [word for scope in scopes for word in ("--scope", scope.value)]
    call_command("create_api_token", name, "chat bot", *options, stdout=written)
    return written.getvalue().strip()


def judged(patch: BetterPatch, verdict: Verdict = Verdict.FIXED, **findings: list[str]) -> BetterPatch:
    """Let the sandbox have tried a person's patch; `findings` are the guard's problems and warnings."""
    report = a_report(patch.patch, verdict=verdict)
    better_patch_judged(
        patch,
        verdict=verdict,
        explanation="",
        tried_sha256=report.patch_sha256,
        report=report.model_dump(mode="json"),
        **findings,
    )
    return BetterPatch.objects.select_related("fix__incident", "decision").get(pk=patch.pk)
