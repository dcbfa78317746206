"""After the merge: the CloudWatch alarms that were missing, dry-run first, created once."""

from agents.diagnosis.handoff import Diagnosis
from agents.evidence import Logs
from agents.monitor.agent import plan_monitors
from agents.monitor.context import MonitorContext
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.tools.metrics import metric_tools
from core.errors import NeedsHuman
from incidents.choices import AlarmProposalState, Stage, Status
from incidents.models import AlarmProposal, Incident, PullRequest, StageRun
from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.dry_run import dry_run
from pipeline.alarms import LiveMetrics, metric_alarm
from pipeline.facts import alarm_facts, cloudwatch_of
from pipeline.sessions import session_for
from pipeline.stages import pipeline_move, stage_output, stage_run

ACTOR = "agent:monitor"


class NoAlarmPassed(NeedsHuman):
    exit_reason = "NoAlarmPassed"


def monitors_create(incident: Incident) -> None:
    """Plan, dry-run and create alarms for the merged change, then resolve the incident.

    Raises NoAlarmPassed if alarms were planned and every one failed its dry run.
    """
    client = cloudwatch_of(incident)
    plan = stage_run(incident, Stage.MONITOR, MonitorPlan, lambda run: _plan(incident, run, client))
    proposals = [_create(incident, spec, client) for spec in plan.alarms]
    created = [proposal.name for proposal in proposals if proposal.state == AlarmProposalState.CREATED]
    if proposals and not created:
        failed = "; ".join(f"{proposal.name}: {_failures(proposal)}" for proposal in proposals)
        raise NoAlarmPassed(f"No planned alarm passed its dry run: {failed}")
    reason = f"merged; created {', '.join(created)}" if created else f"merged; no alarm was missing: {plan.reason}"
    pipeline_move(incident, Status.RESOLVED, actor=ACTOR, reason=reason)


def _plan(incident: Incident, run: StageRun, client: CloudWatch) -> MonitorPlan:
    fix = PullRequest.objects.select_related("fix").get(incident=incident).fix
    logs = stage_output(incident, Stage.LOGS, Logs)
    return plan_monitors(
        MonitorContext(
            service=incident.service.name,
            incident_id=incident.pk,
            diagnosis=stage_output(incident, Stage.DIAGNOSIS, Diagnosis),
            diff=fix.diff,
            alarm=alarm_facts(incident),
            log_groups=sorted({*incident.service.log_groups, *logs.log_groups}),
        ),
        session_for("monitor", incident, run),
        tools=metric_tools(LiveMetrics(client, incident)),
    )


def _create(incident: Incident, spec: AlarmSpec, client: CloudWatch) -> AlarmProposal:
    """Dry-run one alarm and create it if nothing is wrong with it; creating it again changes nothing."""
    alarm = metric_alarm(spec, incident)
    checks = dry_run(client, alarm)
    proposal, _ = AlarmProposal.objects.update_or_create(
        incident=incident,
        name=spec.name,
        defaults={
            "definition": spec.model_dump(mode="json"),
            "dry_run": {check.check: {"ok": check.ok, "detail": check.detail} for check in checks},
        },
    )
    if all(check.ok for check in checks):
        proposal.alarm_arn = client.put_alarm(alarm)
        proposal.state = AlarmProposalState.CREATED
    else:
        proposal.state = AlarmProposalState.REFUSED
    proposal.save(update_fields=["alarm_arn", "state"])
    return proposal


def _failures(proposal: AlarmProposal) -> str:
    return ", ".join(f"{check}: {found['detail']}" for check, found in proposal.dry_run.items() if not found["ok"])
