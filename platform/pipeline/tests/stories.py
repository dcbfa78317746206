"""An incident brought to the place where a test begins: its alarm, its stages' outputs, its fixes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from pydantic import BaseModel

from agents.review.handoff import Finding, Review
from agents.tests.repositories import ORDERS
from approvals.branch import files_on_branch
from approvals.risk import Assessment
from core.patch import Patch
from incidents.choices import Disposition, Severity, Stage, StageStatus, Status, Verdict
from incidents.models import Fix, Incident, Service, StageRun
from incidents.tests.factories import EventFactory, FixFactory, IncidentFactory, ServiceFactory
from integrations.localgit.host import ImportedCommit, LocalGitHost
from pipeline.facts import deployed_checkout
from pipeline.fix_facts import fix_assessment
from pipeline.fixes import ProposalMade
from pipeline.preparation import Preparation
from sandbox.contract import Baseline, Prepared, TrialReport

REPOSITORY = "demo/orders"
CODEOWNERS = "* @orders-team\nsrc/ @ada @orders-team # who knows it best\n"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:orders-alarms"

FIXED_TOTAL = ORDERS["src/total.js"].replace("order.lines.reduce(", "(order.lines ?? []).reduce(")


class Killed(BaseException):
    """The worker is gone at this point: nothing after it runs, nothing catches it."""


def orders_import(local: LocalGitHost, source: Path) -> None:
    """Make the small repository of these stories at the code host, with two commits; `source` is a new folder."""
    for path, content in {**ORDERS, "CODEOWNERS": CODEOWNERS}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(content)
    local.repository_import(
        source,
        REPOSITORY,
        commits=[
            ImportedCommit("Ada", "ada@example.test", datetime(2026, 1, 2, tzinfo=UTC), "Begin", ["package.json"]),
            ImportedCommit(
                "Bo",
                "bo@example.test",
                datetime(2026, 1, 3, tzinfo=UTC),
                "Add totals",
                ["CODEOWNERS", *sorted(path for path in ORDERS if path.startswith(("src/", "tests/")))],
            ),
        ],
    )


def an_incident(*, service: Service | None = None, **fields: Any) -> Incident:
    """Return an incident of the repository's service with the alarm that opened it."""
    service = service or ServiceFactory.create(repository=REPOSITORY, log_groups=["/ecs/orders"])
    incident: Incident = IncidentFactory.create(service=service, **fields)
    EventFactory.create(incident=incident, service=service, disposition=Disposition.OPENED, topic_arn=TOPIC_ARN)
    return incident


def stage_done(
    incident: Incident, stage: Stage, output: BaseModel, *, attempt: int = 1, candidate: int = 1
) -> StageRun:
    """Record that the stage has handed on `output`."""
    return stage_ended(
        incident,
        stage,
        StageStatus.SUCCEEDED,
        attempt=attempt,
        candidate=candidate,
        output=output.model_dump(mode="json"),
    )


def stage_ended(incident: Incident, stage: Stage, status: StageStatus, **fields: Any) -> StageRun:
    """Record a run that ended with `status`."""
    now = timezone.now()
    return StageRun.objects.create(
        incident=incident, stage=stage, status=status, started_at=now, finished_at=now, **fields
    )


def a_preparation(incident: Incident) -> Preparation:
    prepared = Prepared(
        checkout=deployed_checkout(incident).path,
        ecosystem="jest",
        command=("npm", "test"),
        runner="fake",
        dependencies="none",
        is_isolated=True,
        from_cache=False,
        seconds=0.1,
    )
    baseline = Baseline(exit_code=0, tests={"tests/total.test.js::adds": "passed"}, output="ok", runner="fake")
    return Preparation(prepared=prepared, baseline=baseline)


def a_report(patch: Patch, *, verdict: Verdict = Verdict.FIXED, **changes: Any) -> TrialReport:
    fields: dict[str, Any] = {
        "verdict": verdict.value,
        "reason": f"the sandbox says {verdict.value}",
        "patch_sha256": patch.sha256,
        "fail_to_pass": ["tests/total.test.js::an order without lines"],
        "pass_to_pass": 2,
        "broken": [],
        "still_failing": [],
        "red_before": [],
        "failing_output": "",
        "runner": "fake",
        "is_isolated": True,
        "baseline_seconds": 0.1,
        "tests_only_seconds": 0.1,
        "fix_seconds": 0.1,
    }
    return TrialReport(**{**fields, **changes})


def a_review(*, decision: str = "approve", risk: str = "LOW") -> Review:
    findings = [Finding(severity="minor", path="src/total.js", message="name the default")]
    return Review.model_validate(
        {
            "decision": decision,
            "summary": f"The second reader says {decision}.",
            "findings": [] if decision == "approve" else findings,
            "risk": risk,
        }
    )


def a_tried_fix(
    incident: Incident,
    *,
    verdict: Verdict = Verdict.FIXED,
    attempt: int = 1,
    candidate: int = 1,
    content: str = FIXED_TOTAL,
    review: Review | None = None,
    **report: Any,
) -> Fix:
    """Return a fix of `src/total.js` that was written and tried, with the stages that did it."""
    checkout = deployed_checkout(incident)
    patch = Patch({"src/total.js": content})
    trial = a_report(patch, verdict=verdict, **report)
    fix: Fix = FixFactory.create(
        incident=incident,
        attempt=attempt,
        candidate=candidate,
        base_commit=checkout.commit,
        files=dict(patch.files),
        diff=patch.diff(checkout.path),
        diff_sha256=patch.sha256,
        verdict=verdict,
        report=trial.model_dump(mode="json"),
        review=review.model_dump(mode="json") if review else None,
    )
    made = ProposalMade(fix_id=fix.pk)
    stage_done(incident, Stage.FIX, made, attempt=attempt, candidate=candidate)
    stage_done(incident, Stage.TRIAL, trial, attempt=attempt, candidate=candidate)
    return fix


def move(incident: Incident, status: Status) -> None:
    """Put the row where a test begins, without a transition."""
    Incident.objects.filter(pk=incident.pk).update(status=status)
    incident.status = status


def status_of(incident: Incident) -> Status:
    return Status(Incident.objects.get(pk=incident.pk).status)


def reason_of(incident: Incident) -> str:
    return Incident.objects.get(pk=incident.pk).status_reason


def leases_run_out() -> None:
    """Let the time pass that it takes until a dead worker's runs may be taken over."""
    StageRun.objects.filter(status=StageStatus.RUNNING).update(lease_expires_at=datetime(2026, 1, 1, tzinfo=UTC))


def assessed(fix: Fix) -> Assessment:
    """Return the fix's risk with the default branch as it is now."""
    return fix_assessment(fix, files_on_branch(fix))


def a_severe_incident(**fields: Any) -> Incident:
    """Return an incident whose fixes have at least a high risk."""
    return an_incident(severity=Severity.P1, **fields)
