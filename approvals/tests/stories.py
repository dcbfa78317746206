"""A question to people as the pipeline asks it: a real repository, a tried and reviewed fix, a person."""

from typing import Any

from django.contrib.auth.models import Group, User

from agents.tests.stories import a_diagnosis
from approvals.groups import groups_ensure
from approvals.models import Approval
from incidents.choices import Severity, Stage, Status
from incidents.models import AgentStep, Fix, StageRun
from pipeline.gates import gate_run
from pipeline.tests.stories import a_review, a_tried_fix, an_incident, move, stage_done

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
