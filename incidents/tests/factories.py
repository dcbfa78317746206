"""Rows for tests: each factory makes a valid one with nothing said, and what is said replaces its part."""

from datetime import timedelta
from hashlib import sha256

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from core.patch import Patch
from incidents.choices import Disposition
from incidents.models import Event, Fix, Incident, PullRequest, Service


class ServiceFactory(DjangoModelFactory[Service]):
    class Meta:
        model = Service

    name = Sequence(lambda number: f"service-{number}")
    repository = LazyAttribute(lambda row: f"demo/{row.name}")
    alarm_patterns = LazyAttribute(lambda row: [f"{row.name}-*"])


class IncidentFactory(DjangoModelFactory[Incident]):
    class Meta:
        model = Incident

    service = SubFactory(ServiceFactory)
    fingerprint = Sequence(lambda number: sha256(str(number).encode()).hexdigest())
    title = Sequence(lambda number: f"alarm-{number}")
    first_seen_at = LazyFunction(timezone.now)
    last_seen_at = SelfAttribute("first_seen_at")


class EventFactory(DjangoModelFactory[Event]):
    """An undrained alarm notification that no service claims yet."""

    class Meta:
        model = Event

    message_id = Sequence(lambda number: f"00000000-0000-4000-8000-{number:012d}")
    topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms"
    raw = "{}"
    alarm_name = Sequence(lambda number: f"alarm-{number}")
    alarm_arn = LazyAttribute(lambda row: f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{row.alarm_name}")
    alarm_state = "ALARM"
    subject = LazyAttribute(lambda row: f'{row.alarm_state}: "{row.alarm_name}" in US East (N. Virginia)')
    state_changed_at = Sequence(lambda number: timezone.now() + timedelta(milliseconds=number))
    disposition = Disposition.RECEIVED
    alarm = LazyAttribute(
        lambda row: {
            "AlarmName": row.alarm_name,
            "AlarmDescription": "Errors were logged",
            "AWSAccountId": "123456789012",
            "NewStateValue": row.alarm_state,
            "NewStateReason": "Threshold Crossed: 1 datapoint [3.0] was greater than the threshold (0.0).",
            "StateChangeTime": row.state_changed_at.isoformat(),
            "Region": "US East (N. Virginia)",
            "AlarmArn": row.alarm_arn,
            "OldStateValue": "OK" if row.alarm_state == "ALARM" else "ALARM",
            "Trigger": {
                "MetricName": "Errors",
                "Namespace": "OrdersService",
                "Statistic": "SUM",
                "Dimensions": [],
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 0.0,
            },
        }
    )


class FixFactory(DjangoModelFactory[Fix]):
    """A first candidate that changes one file; it has not been tried."""

    class Meta:
        model = Fix

    incident = SubFactory(IncidentFactory)
    attempt = 1
    base_commit = "a" * 40
    files = LazyFunction(lambda: {"src/orders.js": "module.exports = {};\n"})
    diff = (
        "diff --git a/src/orders.js b/src/orders.js\n--- a/src/orders.js\n+++ b/src/orders.js\n"
        "@@ -1 +1 @@\n-module.exports = null;\n+module.exports = {};\n"
    )
    diff_sha256 = LazyAttribute(lambda row: Patch(row.files).sha256)
    rationale = "The module exported nothing."


class PullRequestFactory(DjangoModelFactory[PullRequest]):
    """An open pull request with the fix of its own incident."""

    class Meta:
        model = PullRequest

    incident = SubFactory(IncidentFactory)
    fix = SubFactory(FixFactory, incident=SelfAttribute("..incident"))
    repository = SelfAttribute("incident.service.repository")
    number = Sequence(lambda number: number + 1)
    url = LazyAttribute(lambda row: f"http://127.0.0.1:8000/pulls/{row.repository}/{row.number}/")
    branch = LazyAttribute(lambda row: f"agent-platform/incident-{row.incident.pk}")
    head_commit = "b" * 40
    diff_sha256 = SelfAttribute("fix.diff_sha256")
    opened_at = LazyFunction(timezone.now)
