"""An incident as its agents see it: the alarm that opened it, the code it runs, what is known so far."""

from pydantic import BaseModel

from agents.alarm import AlarmFacts
from agents.evidence import Commits, Evidence, Logs, Owners, Similar
from core.errors import NeedsHuman
from incidents.choices import Stage
from incidents.models import Event, Incident
from integrations.cloudwatch.alarm import Alarm, parse_alarm
from integrations.cloudwatch.client import CloudWatch, cloudwatch
from integrations.codehost import Checkout
from pipeline.canary_service import code_host_of
from pipeline.stages import stage_outputs

EVIDENCE: dict[Stage, type[BaseModel]] = {
    Stage.LOGS: Logs,
    Stage.COMMITS: Commits,
    Stage.SIMILAR: Similar,
    Stage.OWNERS: Owners,
}


class NoAlarm(NeedsHuman):
    exit_reason = "NoAlarm"


def first_event(incident: Incident) -> Event:
    """Return the notification that opened the incident."""
    return incident.events.exclude(alarm=None).order_by("id")[0]


def alarm_of(incident: Incident) -> Alarm:
    """Return the parsed alarm that opened the incident. Raises NoAlarm if a person routed something else."""
    document = incident.events.exclude(alarm=None).order_by("id").values_list("alarm", flat=True).first()
    alarm = parse_alarm(document) if document else None
    if alarm is None:
        raise NoAlarm("No CloudWatch alarm is attached to this incident, so there is nothing to start from.")
    return alarm


def cloudwatch_of(incident: Incident) -> CloudWatch:
    """Return the CloudWatch of the region whose alarm opened the incident. Raises NoAlarm."""
    return cloudwatch_at(alarm_of(incident))


def cloudwatch_at(alarm: Alarm) -> CloudWatch:
    """Return the CloudWatch of the alarm's region."""
    return cloudwatch(alarm.region)


def alarm_facts(incident: Incident) -> AlarmFacts:
    """Return the alarm in the words that every agent's task starts with."""
    alarm = alarm_of(incident)
    return AlarmFacts(
        incident_id=incident.pk,
        service=incident.service.name,
        alarm_name=alarm.name,
        alarm_description=alarm.description,
        state_reason=alarm.reason,
        state_changed_at=alarm.state_changed_at,
        metric=", ".join(str(metric) for metric in alarm.metrics),
        threshold=alarm.threshold,
        occurrences=incident.occurrences,
    )


def deployed_checkout(incident: Incident) -> Checkout:
    """Return the sources that run in production for this incident; the commit is fixed at the first call."""
    service, host = incident.service, code_host_of(incident.service)
    if not incident.deployed_commit:
        commit = host.resolve(service.repository, service.deployed_ref or service.default_branch)
        Incident.objects.filter(pk=incident.pk, deployed_commit="").update(deployed_commit=commit)
        incident.refresh_from_db(fields=["deployed_commit"])
    return host.checkout(service.repository, incident.deployed_commit)


def evidence_of(incident: Incident) -> Evidence:
    """Return all four pieces. Raises NotNow while one is not done."""
    found = stage_outputs(incident, EVIDENCE)
    return Evidence.model_validate({stage.value: piece for stage, piece in found.items()})
