"""The parts outside the platform that the demo plays: CloudWatch's side of an alarm, SNS, and a person."""

import json
import re
import uuid
from datetime import datetime, timedelta

import boto3
import httpx
from django.utils import timezone

from config.demo.scenario import PlayedIncident, Scenario
from config.env import Env
from integrations.sns.signer import LocalSigner

ACCOUNT = "123456789012"


class Production:
    """orders-service as CloudWatch knows it: a log group, metric filters, alarms and what was logged."""

    def __init__(self, scenario: Scenario, *, endpoint_url: str, region: str, topic_arn: str) -> None:
        # The stand-in wants a signature and checks nothing of it.
        session = boto3.Session("demo", "demo", region_name=region)
        self._logs = session.client("logs", endpoint_url=endpoint_url)
        self._cloudwatch = session.client("cloudwatch", endpoint_url=endpoint_url)
        self._scenario = scenario
        self._topic_arn = topic_arn
        self._region = region

    def set_up(self) -> None:
        """Create the log group, and for each played incident its metric filter and alarm."""
        group = self._scenario.log_group
        self._logs.create_log_group(logGroupName=group)
        for stream in {incident.log_stream for incident in self._scenario.incidents}:
            self._logs.create_log_stream(logGroupName=group, logStreamName=stream)
        for incident in self._scenario.incidents:
            alarm = incident.alarm
            self._logs.put_metric_filter(
                logGroupName=group,
                filterName=incident.metric_filter.name,
                filterPattern=incident.metric_filter.pattern,
                metricTransformations=[
                    {"metricName": alarm.metric_name, "metricNamespace": alarm.namespace, "metricValue": "1"}
                ],
            )
            self._cloudwatch.put_metric_alarm(
                AlarmName=alarm.name,
                AlarmDescription=alarm.description,
                Namespace=alarm.namespace,
                MetricName=alarm.metric_name,
                Statistic=alarm.statistic,
                Period=alarm.period_seconds,
                EvaluationPeriods=alarm.evaluation_periods,
                Threshold=alarm.threshold,
                ComparisonOperator=alarm.comparison_operator,
                TreatMissingData=alarm.treat_missing_data,
                AlarmActions=[self._topic_arn],
                OKActions=[self._topic_arn],
            )

    def alarm_names(self) -> set[str]:
        """Return the names of all alarms that exist now."""
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate()
        return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}

    def fail(self, incident: PlayedIncident) -> str:
        """Log what the fault logs and return the alarm document that CloudWatch would send."""
        now = timezone.now()
        events = sorted(incident.log_events, key=lambda event: -event.seconds_ago)
        self._logs.put_log_events(
            logGroupName=self._scenario.log_group,
            logStreamName=incident.log_stream,
            logEvents=[
                {"timestamp": _milliseconds(event.at(now)), "message": event.text(now)} for event in events
            ],
        )
        return json.dumps(self._alarm_document(incident, now))

    def _alarm_document(self, incident: PlayedIncident, now: datetime) -> dict[str, object]:
        alarm = incident.alarm
        datapoint = (now - timedelta(seconds=alarm.period_seconds)).strftime("%d/%m/%y %H:%M:00")
        return {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": ACCOUNT,
            "AlarmConfigurationUpdatedTimestamp": _stamp(now - timedelta(days=30)),
            "NewStateValue": "ALARM",
            "NewStateReason": alarm.state_reason.replace("{{ datapoint }}", datapoint),
            "StateChangeTime": _stamp(now),
            "Region": "US East (N. Virginia)",
            "AlarmArn": f"arn:aws:cloudwatch:{self._region}:{ACCOUNT}:alarm:{alarm.name}",
            "OldStateValue": "OK",
            "OKActions": [self._topic_arn],
            "AlarmActions": [self._topic_arn],
            "InsufficientDataActions": [],
            "Trigger": {
                "MetricName": alarm.metric_name,
                "Namespace": alarm.namespace,
                "StatisticType": "Statistic",
                "Statistic": alarm.statistic.upper(),
                "Unit": None,
                "Dimensions": [],
                "Period": alarm.period_seconds,
                "EvaluationPeriods": alarm.evaluation_periods,
                "DatapointsToAlarm": alarm.evaluation_periods,
                "ComparisonOperator": alarm.comparison_operator,
                "Threshold": alarm.threshold,
                "TreatMissingData": alarm.treat_missing_data,
                "EvaluateLowSampleCountPercentile": "",
            },
        }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


class Topic:
    """An SNS topic with one HTTPS subscription: the platform's webhook."""

    def __init__(self, env: Env, topic_arn: str) -> None:
        self._signer = LocalSigner(env.data_dir / "sns")
        self._url = f"{env.address}/webhooks/sns/"
        self._topic_arn = topic_arn

    def message(self, alarm_document: str) -> bytes:
        """Return a signed notification (signature version 2) that carries the alarm document."""
        name = json.loads(alarm_document)["AlarmName"]
        return self._signer.notification(
            topic_arn=self._topic_arn,
            subject=f'ALARM: "{name}" in US East (N. Virginia)',
            message=alarm_document,
        )

    def deliver(self, body: bytes) -> httpx.Response:
        """POST as SNS does: text/plain, the envelope as it was signed."""
        return httpx.post(
            self._url, content=body, headers={"content-type": "text/plain; charset=UTF-8"}, timeout=15
        )


def forged(body: bytes) -> bytes:
    """Return the notification with another message in it and the old signature."""
    envelope = json.loads(body)
    envelope["MessageId"] = str(uuid.uuid4())
    envelope["Message"] = envelope["Message"].replace("checkout", "database")
    return json.dumps(envelope).encode()


class AdminPage:
    """A person at the admin console, over HTTP with its own cookies and CSRF tokens."""

    def __init__(self, env: Env, *, username: str, password: str) -> None:
        self._client = httpx.Client(base_url=env.address, timeout=60, follow_redirects=True)
        self._post("/admin/login/", {"username": username, "password": password, "next": "/admin/"})

    def decide(self, approval_id: int, fields: dict[str, str]) -> None:
        """Open the approval's page and send one of its two forms. Raises httpx.HTTPStatusError if refused."""
        page = f"/admin/approvals/approval/{approval_id}/change/"
        self._client.get(page).raise_for_status()
        self._post(f"/admin/approvals/approval/{approval_id}/decide/", fields, came_from=page)

    def _post(self, path: str, fields: dict[str, str], *, came_from: str = "") -> None:
        shown = self._client.get(came_from or path).raise_for_status().text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown)
        if token is None:
            raise httpx.RequestError(f"the page {came_from or path} has no form to send")
        self._client.post(
            path,
            data={**fields, "csrfmiddlewaretoken": token[1]},
            headers={"referer": f"{self._client.base_url}{path}"},
        ).raise_for_status()
