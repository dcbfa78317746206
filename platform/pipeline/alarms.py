"""Between an agent's alarm plan and CloudWatch: actions, tags and names are the platform's to set."""

from datetime import datetime

from django.utils import timezone

from agents.monitor.handoff import AlarmSpec
from agents.runtime.contract import ToolRetry
from agents.tools.metric_data import MetricDataArguments
from core.redact import redact
from incidents.models import Incident
from integrations.cloudwatch.alarm_spec import LogMetricFilter, MetricAlarm
from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.dry_run import OWNER_TAG, dry_run
from integrations.cloudwatch.errors import NotFound, NotValid
from integrations.cloudwatch.log_search import LogSource
from integrations.cloudwatch.replay import WINDOW
from pipeline.facts import first_event
from pipeline.production import datapoints_of


def metric_alarm(spec: AlarmSpec, incident: Incident) -> MetricAlarm:
    """Return the alarm to create: it notifies the topic that the incident came from and leads back to it."""
    topic_arn = first_event(incident).topic_arn
    source = spec.metric_filter
    return MetricAlarm(
        name=spec.name,
        description=spec.description,
        namespace=spec.namespace,
        metric_name=spec.metric_name,
        dimensions=spec.dimensions,
        statistic=spec.statistic,
        period_seconds=spec.period_seconds,
        evaluation_periods=spec.evaluation_periods,
        datapoints_to_alarm=spec.datapoints_to_alarm,
        threshold=spec.threshold,
        comparison_operator=spec.comparison_operator,
        treat_missing_data=spec.treat_missing_data,
        metric_filter=LogMetricFilter(source.log_group, spec.name, source.pattern) if source else None,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags={OWNER_TAG: str(incident.pk), "agent-platform:service": incident.service.name},
    )


class LiveMetrics:
    """What monitor generation may ask: CloudWatch as it is now, read only."""

    def __init__(self, client: CloudWatch, incident: Incident) -> None:
        self._client = client
        self._incident = incident

    def list_metrics(self, namespace: str) -> list[str]:
        return [str(metric) for metric in self._client.metrics(namespace)]

    def list_alarms(self, prefix: str) -> list[str]:
        return [f"{name}: {what}" for name, what in self._client.alarms(prefix).items()]

    def list_metric_filters(self, log_group: str) -> list[str]:
        feeds = self._client.feeds_of_group(log_group)
        return [f"{feed.filter_name}: {feed.pattern} feeds {feed.metric}" for feed in feeds]

    def datapoints(self, asked: MetricDataArguments) -> list[tuple[datetime, float]]:
        return datapoints_of(self._client, asked)

    def matching_events(self, log_group: str, pattern: str) -> list[str] | None:
        now = timezone.now()
        try:
            found = self._client.matching_events(LogSource(log_group, pattern), since=now - WINDOW, until=now)
        except NotFound:
            return None
        except NotValid as error:
            raise ToolRetry(f"CloudWatch does not take the pattern: {redact(str(error))}") from error
        return [event.message for event in found.events]

    def dry_run_alarm(self, spec: AlarmSpec) -> list[str]:
        checks = dry_run(self._client, metric_alarm(spec, self._incident))
        return [f"{check.check}: {check.detail}" for check in checks if not check.ok]
