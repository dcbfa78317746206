"""One incident with everything that its page shows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents.api.code_links import code_links
from incidents.api.redacted import RedactedJson, RedactedText
from incidents.api.serializers import (
    EventSerializer,
    IncidentRowSerializer,
    ServiceSerializer,
    TimeToPullRequestSerializer,
)
from incidents.choices import Risk, Stage, Status, Verdict
from incidents.models import AlarmProposal, Fix, Incident, StageRun, Transition
from incidents.refusals import refused_outputs
from incidents.timing import time_to_pull_request

# A storm attaches thousands of notifications to one incident; /api/events/?incident= has them all.
EVENTS_SHOWN = 20


class TransitionSerializer(serializers.ModelSerializer[Transition]):
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the column has the name of an attribute
        choices=Status.choices, allow_blank=True, read_only=True
    )
    reason = RedactedText()

    class Meta:
        model = Transition
        fields = ["id", "source", "target", "actor", "reason", "at"]
        read_only_fields = fields


class RefusedOutputSerializer(serializers.Serializer[Any]):
    """A hand-off that an agent was not allowed to make, and what was wrong with it."""

    step = serializers.IntegerField(help_text="number of the agent's step")
    output = RedactedJson()
    problems = RedactedText()


class StageRunSerializer(serializers.ModelSerializer[StageRun]):
    output = RedactedJson(allow_null=True, help_text="what the stage handed on; null while it has not")
    error = RedactedText()
    queue_seconds = serializers.SerializerMethodField()
    duration_seconds = serializers.SerializerMethodField(help_text="null while it runs")
    step_count = serializers.IntegerField(read_only=True)
    refused_outputs = serializers.SerializerMethodField(
        help_text="of a run that failed: every output that was refused, oldest first"
    )

    class Meta:
        model = StageRun
        fields = [
            *("id", "stage", "attempt", "candidate", "status", "claims", "queued_at", "started_at", "finished_at"),
            *("queue_seconds", "duration_seconds", "output", "output_version", "exit_reason", "error", "model"),
            *("input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "trace_id", "step_count"),
            "refused_outputs",
        ]
        read_only_fields = fields

    @extend_schema_field(RefusedOutputSerializer(many=True))
    def get_refused_outputs(self, run: StageRun) -> list[Mapping[str, Any]]:
        refused = refused_outputs(getattr(run, "steps_of_failed", []), error=run.error)
        return list(RefusedOutputSerializer(refused, many=True).data)

    def get_queue_seconds(self, run: StageRun) -> float | None:
        return _seconds(run.queued_at, run.started_at)

    def get_duration_seconds(self, run: StageRun) -> float | None:
        return _seconds(run.started_at, run.finished_at)


class ReachedSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    line = serializers.IntegerField()
    name = serializers.CharField()
    depth = serializers.IntegerField(help_text="calls away from the change")
    is_certain = serializers.BooleanField(help_text="false: by the method's name alone")


class BlastRadiusSerializer(serializers.Serializer[Any]):
    """What a change can reach by the call graph of the deployed commit."""

    changed = serializers.ListField(child=RedactedText())
    callers = ReachedSerializer(many=True)
    contracts = serializers.ListField(child=RedactedText(), help_text="routes, tasks and exports at the end")
    is_cut = serializers.BooleanField(help_text="there is more than is listed")


class FixSerializer(serializers.ModelSerializer[Fix]):
    diff = RedactedText()
    rationale = RedactedText()
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_blank=True, read_only=True)
    warnings = RedactedJson()
    report = RedactedJson(allow_null=True)
    review = RedactedJson(allow_null=True)
    blast_radius = serializers.SerializerMethodField(help_text="null where it is not known")

    class Meta:
        model = Fix
        fields = [
            *(
                "id",
                "attempt",
                "candidate",
                "author",
                "base_commit",
                "diff",
                "diff_sha256",
                "rationale",
                "warnings",
            ),
            *("blast_radius", "verdict", "report", "review", "created_at"),
        ]
        read_only_fields = fields

    @extend_schema_field(BlastRadiusSerializer(allow_null=True))
    def get_blast_radius(self, fix: Fix) -> Mapping[str, Any] | None:
        made = next((run.output for run in fix.incident.stage_runs.all() if _wrote(run, fix)), None)
        radius = (made or {}).get("blast_radius")
        return BlastRadiusSerializer(radius).data if radius else None


class AlarmProposalSerializer(serializers.ModelSerializer[AlarmProposal]):
    name = RedactedText()
    definition = RedactedJson()
    dry_run = RedactedJson()

    class Meta:
        model = AlarmProposal
        fields = [
            *("id", "name", "definition", "dry_run", "state", "alarm_arn", "created_at"),
            *("asked_at", "decided_by", "decided_at"),
        ]
        read_only_fields = fields


class DuplicateSerializer(serializers.ModelSerializer[Incident]):
    title = RedactedText()

    class Meta:
        model = Incident
        fields = ["id", "title", "status", "first_seen_at"]
        read_only_fields = fields


class RiskPointSerializer(serializers.Serializer[Any]):
    risk = serializers.ChoiceField(choices=Risk.choices)
    reason = RedactedText()


class ApprovalDecisionSerializer(serializers.Serializer[Any]):
    user = serializers.CharField(source="user.username")
    decision = serializers.CharField()
    reason = serializers.CharField()
    comment = RedactedText()
    at = serializers.DateTimeField()


class ApprovalSerializer(serializers.Serializer[Any]):
    """A question to people; its room stands above this one, so it is read by the relation's name."""

    id = serializers.IntegerField()
    fix = serializers.IntegerField(source="fix_id")
    risk = serializers.ChoiceField(choices=Risk.choices)
    reasons = RiskPointSerializer(many=True)
    state = serializers.CharField()
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decisions = ApprovalDecisionSerializer(many=True)
    path = serializers.SerializerMethodField(help_text="the page on which people decide")

    def get_path(self, approval: Any) -> str:
        return f"{reverse('admin:index')}approvals/approval/{approval.pk}/change/"


class IncidentSerializer(IncidentRowSerializer):
    service = ServiceSerializer(read_only=True)  # type: ignore[assignment]  # the whole row instead of its name
    stage_runs = StageRunSerializer(many=True, read_only=True)
    fixes = FixSerializer(many=True, read_only=True)
    transitions = TransitionSerializer(many=True, read_only=True)
    approvals = ApprovalSerializer(many=True, read_only=True)
    alarm_proposals = AlarmProposalSerializer(many=True, read_only=True)
    duplicates = DuplicateSerializer(many=True, read_only=True)
    fingerprint_parts = RedactedJson(help_text="account, region, alarm and service: one open incident for each")
    error_fingerprint_parts = RedactedJson(
        help_text="type, message and top frames of the error in the logs; empty: none was found"
    )
    events = serializers.SerializerMethodField()
    time_to_pull_request = serializers.SerializerMethodField()
    code_links = serializers.SerializerMethodField(
        help_text="by `path:line` as diagnosis, reviews and blast radius name it: where people read that code"
    )

    class Meta(IncidentRowSerializer.Meta):
        fields = [
            *IncidentRowSerializer.Meta.fields,
            *("fingerprint", "fingerprint_parts", "error_fingerprint", "error_fingerprint_parts"),
            *("deployed_commit", "duplicate_of", "time_to_pull_request", "stage_runs", "fixes", "transitions"),
            *("approvals", "alarm_proposals", "duplicates", "events", "code_links"),
        ]
        read_only_fields = fields

    @extend_schema_field(EventSerializer(many=True))
    def get_events(self, incident: Incident) -> list[Mapping[str, Any]]:
        newest = incident.events.select_related("service").order_by("-id")[:EVENTS_SHOWN]
        return list(EventSerializer(newest, many=True).data)

    def get_code_links(self, incident: Incident) -> dict[str, str]:
        return code_links(incident)

    @extend_schema_field(TimeToPullRequestSerializer(allow_null=True))
    def get_time_to_pull_request(self, incident: Incident) -> Mapping[str, float] | None:
        time = time_to_pull_request(incident)
        return TimeToPullRequestSerializer(time).data if time else None


def _wrote(run: StageRun, fix: Fix) -> bool:
    return run.stage == Stage.FIX and (run.output or {}).get("fix_id") == fix.pk


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
