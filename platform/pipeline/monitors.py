"""After the merge: the CloudWatch alarms that were missing, dry-run first, created once; some after a click."""

from collections.abc import Sequence

from django.db import transaction

from agents.diagnosis.handoff import Diagnosis
from agents.evidence import Logs
from agents.monitor.agent import plan_monitors
from agents.monitor.context import MonitorContext
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.tools.metrics import metric_tools
from approvals.announcements import alarms_announce
from core.errors import NeedsHuman
from incidents.alarm_proposals import alarms_ask
from incidents.choices import AlarmPolicy, Stage, Status
from incidents.choices import AlarmProposalState as State
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
    """Plan and dry-run alarms for the merged change, create or ask for each, and resolve the incident at the end.

    Where the service's policy is `propose`, alarms that passed wait for people; each click calls this again.
    Raises NoAlarmPassed if alarms were planned and every one failed its dry run.
    """
    client = cloudwatch_of(incident)
    plan = stage_run(incident, Stage.MONITOR, MonitorPlan, lambda run: _plan(incident, run, client))
    to_ask = [proposal.pk for proposal in _proposals(incident, plan) if not _settle(incident, proposal, client)]
    with transaction.atomic():
        # A click waits for this lock: it is seen here, or it finds what was asked or resolved here.
        locked = Incident.objects.select_for_update().get(pk=incident.pk)
        if alarms_ask(incident=locked, ids=to_ask):
            alarms_announce(locked)
            return
        proposals = list(AlarmProposal.objects.filter(incident=incident))
        if any(proposal.state == State.APPROVED for proposal in proposals):
            return  # decided since it was looked at; that click's own nudge creates it
        pipeline_move(incident, Status.RESOLVED, actor=ACTOR, reason=_what_became(proposals, plan))


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


def _proposals(incident: Incident, plan: MonitorPlan) -> list[AlarmProposal]:
    """Return the planned alarms as rows, all made at once: what people decide on does not change afterwards."""
    AlarmProposal.objects.bulk_create(
        [
            AlarmProposal(incident=incident, name=spec.name, definition=spec.model_dump(mode="json"))
            for spec in plan.alarms
        ],
        ignore_conflicts=True,
    )
    return list(AlarmProposal.objects.filter(incident=incident))


def _settle(incident: Incident, proposal: AlarmProposal, client: CloudWatch) -> bool:
    """Dry-run one alarm and create it if it may be; return False for one that people have to be asked about.

    One that was made is not made again: people may have changed it since. An approved one is tried once more,
    because what stands around it may have changed while it waited.
    """
    if proposal.is_asked or proposal.state in (State.CREATED, State.DECLINED):
        return True
    alarm = metric_alarm(AlarmSpec.model_validate(proposal.definition), incident)
    checks = dry_run(client, alarm)
    is_wanted = proposal.decided_by or incident.service.alarm_policy == AlarmPolicy.CREATE
    state, alarm_arn = State.PROPOSED, ""
    if not all(check.ok for check in checks):
        state = State.REFUSED
    elif is_wanted:
        state, alarm_arn = State.CREATED, client.put_alarm(alarm)
    # Only from the state that was looked at: two workers may be here at once.
    AlarmProposal.objects.filter(pk=proposal.pk, state=proposal.state).update(
        dry_run={check.check: {"ok": check.ok, "detail": check.detail} for check in checks},
        state=state,
        alarm_arn=alarm_arn,
    )
    return state != State.PROPOSED


def _what_became(proposals: Sequence[AlarmProposal], plan: MonitorPlan) -> str:
    """Return in words what became of the alarms. Raises NoAlarmPassed if none of them got through its dry run."""
    if proposals and all(proposal.state == State.REFUSED for proposal in proposals):
        failed = "; ".join(f"{proposal.name}: {_failures(proposal)}" for proposal in proposals)
        raise NoAlarmPassed(f"No planned alarm passed its dry run: {failed}")
    told = []
    for state in (State.CREATED, State.DECLINED, State.REFUSED):
        names = ", ".join(_named(proposal) for proposal in proposals if proposal.state == state)
        told += [f"{state} {names}"] if names else []
    return f"merged; {'; '.join(told) or f'no alarm was missing: {plan.reason}'}"


def _named(proposal: AlarmProposal) -> str:
    return f"{proposal.name} ({proposal.decided_by})" if proposal.decided_by else proposal.name


def _failures(proposal: AlarmProposal) -> str:
    return ", ".join(f"{check}: {found['detail']}" for check, found in proposal.dry_run.items() if not found["ok"])
