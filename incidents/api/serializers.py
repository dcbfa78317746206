"""Rows as the lists show them."""

from typing import Any

from rest_framework import serializers

from incidents.api.redacted import RedactedJson, RedactedText
from incidents.choices import Severity, Stage
from incidents.models import AgentStep, Event, Incident, Pause, PullRequest, Service, StageRun
from incidents.timing import TimeToPullRequest


class ServiceSerializer(serializers.ModelSerializer[Service]):
    open_incidents = serializers.IntegerField(read_only=True)

    class Meta:
        model = Service
        fields = [
            *("id", "name", "repository", "default_branch", "deployed_ref", "mode", "approval_threshold"),
            *("merge_policy", "alarm_policy", "owners", "open_incidents"),
        ]
        read_only_fields = fields


class PullRequestSerializer(serializers.ModelSerializer[PullRequest]):
    class Meta:
        model = PullRequest
        fields = [
            *("repository", "number", "url", "branch", "state", "head_commit", "merge_commit", "diff_sha256"),
            *("is_merged_by_platform", "opened_at", "closed_at", "fix"),
        ]
        read_only_fields = fields


class UnfinishedStageSerializer(serializers.ModelSerializer[StageRun]):
    """A stage that runs, or waits for an outside system, at this moment."""

    class Meta:
        model = StageRun
        fields = ["stage", "attempt", "candidate", "status", "started_at"]
        read_only_fields = fields


class IncidentRowSerializer(serializers.ModelSerializer[Incident]):
    title = RedactedText()
    status_reason = RedactedText()
    severity = serializers.ChoiceField(choices=Severity.choices, allow_blank=True, read_only=True)
    service = serializers.SlugRelatedField[Service](slug_field="name", read_only=True)
    is_open = serializers.BooleanField(read_only=True)
    cost_usd = serializers.DecimalField(max_digits=12, decimal_places=6, read_only=True)
    running_stage = serializers.ChoiceField(
        choices=Stage.choices, allow_blank=True, read_only=True, help_text="the newest that runs; empty: none does"
    )
    unfinished_stages = UnfinishedStageSerializer(source="unfinished_runs", many=True, read_only=True)
    pull_request = PullRequestSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Incident
        fields = [
            *("id", "title", "service", "status", "status_reason", "is_open", "classification", "severity"),
            *("occurrences", "first_seen_at", "last_seen_at", "active_at", "cost_usd", "running_stage"),
            *("unfinished_stages", "pull_request"),
        ]
        read_only_fields = fields


class EventSerializer(serializers.ModelSerializer[Event]):
    """A notification without the body as it was signed: that one carries links that end a subscription."""

    subject = RedactedText()
    alarm = RedactedJson(allow_null=True)
    alarm_name = RedactedText()
    disposition_reason = RedactedText()
    service = serializers.SlugRelatedField[Service](slug_field="name", read_only=True, allow_null=True)

    class Meta:
        model = Event
        fields = [
            *("id", "message_id", "topic_arn", "subject", "alarm", "alarm_name", "alarm_state"),
            *("state_changed_at", "received_at", "drained_at", "disposition", "disposition_reason"),
            *("service", "incident"),
        ]
        read_only_fields = fields


class AgentStepSerializer(serializers.ModelSerializer[AgentStep]):
    content = RedactedJson(help_text="content blocks as the Messages API has them")
    usage = RedactedJson()

    class Meta:
        model = AgentStep
        fields = ["id", "stage_run", "number", "role", "content", "stop_reason", "usage", "cost_usd", "created_at"]
        read_only_fields = fields


class MeSerializer(serializers.Serializer[Any]):
    """Who is signed in and what they may do."""

    username = serializers.CharField()
    full_name = serializers.CharField()
    is_staff = serializers.BooleanField()
    may_decide = serializers.BooleanField(help_text="approve or reject a fix")
    may_act = serializers.BooleanField(help_text="resume, close or otherwise move an incident")
    may_pause = serializers.BooleanField(help_text="pause everything, and let it go on")
    may_change_services = serializers.BooleanField(help_text="change the settings of services")
    live_port = serializers.IntegerField(
        allow_null=True, help_text="the live feed's port on this host; null: the page's own"
    )


class StatusCountSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()
    count = serializers.IntegerField()


class SeverityCountSerializer(serializers.Serializer[Any]):
    severity = serializers.ChoiceField(choices=Severity.choices, allow_blank=True, help_text="empty: not triaged")
    count = serializers.IntegerField()


class TimeToPullRequestSerializer(serializers.Serializer[Any]):
    """`agents_seconds + people_seconds == total_seconds`."""

    total_seconds = serializers.FloatField()
    agents_seconds = serializers.FloatField()
    people_seconds = serializers.FloatField()

    def to_representation(self, time: TimeToPullRequest) -> dict[str, float]:
        return {
            "total_seconds": time.total.total_seconds(),
            "agents_seconds": time.agents.total_seconds(),
            "people_seconds": time.people.total_seconds(),
        }


class TimedIncidentSerializer(serializers.Serializer[Any]):
    incident = serializers.IntegerField()
    title = RedactedText()
    time = TimeToPullRequestSerializer()


class PauseSerializer(serializers.ModelSerializer[Pause]):
    reason = RedactedText()

    class Meta:
        model = Pause
        fields = ["reason", "started_by", "started_at"]
        read_only_fields = fields


class WaitingSerializer(serializers.Serializer[Any]):
    service = serializers.CharField()
    count = serializers.IntegerField(help_text="open incidents that have not entered the pipeline yet")
    incidents_per_hour = serializers.IntegerField(help_text="the service's limit")


class BreakerSerializer(serializers.Serializer[Any]):
    """How calls to one outside system stand."""

    name = serializers.CharField()
    state = serializers.ChoiceField(choices=["closed", "open", "half_open"], help_text="open: left alone now")
    reason = RedactedText()
    retry_at = serializers.DateTimeField(allow_null=True)


class SummarySerializer(serializers.Serializer[Any]):
    breakers = BreakerSerializer(many=True, help_text="empty while Redis cannot be asked")
    pause = PauseSerializer(allow_null=True, help_text="the pause in force, or null")
    waiting = WaitingSerializer(many=True)
    budget_today_usd = serializers.DecimalField(max_digits=12, decimal_places=2)
    open_incidents = serializers.IntegerField()
    counts = StatusCountSerializer(many=True)
    open_by_severity = SeverityCountSerializer(many=True)
    spent_today_usd = serializers.DecimalField(max_digits=12, decimal_places=6)
    times_to_pull_request = TimedIncidentSerializer(many=True)
