"""Runs, their figures and their cases as the pages show them; every figure is the report's own."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from evals.api.suites import figures
from evals.comparison import Comparison, Difference
from evals.models import EvalResult, EvalRun
from evals.reports.figures import EntrantKind, RunReport, entrant_kind, entrant_note
from incidents.api.redacted import RedactedJson, RedactedText


class FigureSerializer(serializers.Serializer[Any]):
    """One figure with its 95 % interval; `value` is null where nothing was there to count."""

    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="answers that it counts")
    better = serializers.ChoiceField(choices=["high", "low"])
    unit = serializers.ChoiceField(choices=["share", "number", "usd", "seconds", "count"])


class EvalSettingsSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(allow_null=True, default=None, help_text="null: every case")
    repeat = serializers.IntegerField(default=1, help_text="how often each case was put")
    split = serializers.CharField(default="", help_text="empty: both sides")


class EvalRunRowSerializer(serializers.ModelSerializer[EvalRun]):
    kind = serializers.SerializerMethodField(help_text="model, floor or harness; only a model's figures count")
    note = serializers.SerializerMethodField(help_text="what kind of entrant it is, in words")
    settings = EvalSettingsSerializer(read_only=True)
    state_reason = RedactedText()
    figures = serializers.SerializerMethodField(help_text="coverage first; empty until it ends or is stopped")

    class Meta:
        model = EvalRun
        fields = [
            *("id", "suite", "model", "kind", "note", "settings", "material_sha256", "commit", "state"),
            *("state_reason", "cost_usd", "started_at", "finished_at", "figures"),
        ]
        read_only_fields = fields

    def get_kind(self, run: EvalRun) -> EntrantKind:
        return entrant_kind(run.model)

    def get_note(self, run: EvalRun) -> str:
        return entrant_note(run.model)

    @extend_schema_field(FigureSerializer(many=True))
    def get_figures(self, run: EvalRun) -> list[dict[str, Any]]:
        return figures(run.suite, run.metrics)


class MatrixSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    labels = serializers.ListField(child=serializers.CharField())
    counts = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="a row for each expected label, a column for each given one",
    )


class GroupSerializer(serializers.Serializer[Any]):
    """Right answers within one tag."""

    name = serializers.CharField()
    right = serializers.IntegerField()
    total = serializers.IntegerField()
    low = serializers.FloatField(source="interval.low", allow_null=True, default=None)
    high = serializers.FloatField(source="interval.high", allow_null=True, default=None)


class BinSerializer(serializers.Serializer[Any]):
    """Answers of like confidence: what they claimed and how often they were right."""

    claimed = serializers.FloatField()
    right = serializers.FloatField()
    count = serializers.IntegerField()


class FloorSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    model = serializers.CharField()
    figures = FigureSerializer(many=True)


class EvalRunSerializer(EvalRunRowSerializer):
    """A run as its report has it."""

    floors = FloorSerializer(many=True, read_only=True, help_text="offline entrants over the same cases")
    matrices = MatrixSerializer(many=True, read_only=True)
    groups = GroupSerializer(many=True, read_only=True)
    calibration = BinSerializer(many=True, read_only=True)

    class Meta(EvalRunRowSerializer.Meta):
        fields = [*EvalRunRowSerializer.Meta.fields, "floors", "matrices", "groups", "calibration"]
        read_only_fields = fields


def run_document(report: RunReport) -> dict[str, Any]:
    """Return a run's report as the API gives it."""
    row = EvalRunRowSerializer(report.run).data
    return {
        **row,
        "floors": [
            {"id": floor.pk, "model": floor.model, "figures": figures(floor.suite, floor.metrics)}
            for floor in report.floors
        ],
        "matrices": MatrixSerializer(report.matrices, many=True).data,
        "groups": GroupSerializer(report.groups, many=True).data,
        "calibration": BinSerializer(report.bins, many=True).data,
    }


class EvalResultSerializer(serializers.ModelSerializer[EvalResult]):
    expected = RedactedJson()
    answer = RedactedJson()
    error = RedactedText()

    class Meta:
        model = EvalResult
        fields = [
            *("id", "case_id", "repeat", "outcome", "is_right", "expected", "answer", "exit_reason", "error"),
            *("cost_usd", "seconds"),
        ]
        read_only_fields = fields


class DifferenceSerializer(serializers.Serializer[Difference]):
    """A case that one of the two alone had right."""

    case_id = serializers.CharField()
    is_first_right = serializers.BooleanField()
    expected = RedactedJson()
    first_answer = RedactedJson()
    second_answer = RedactedJson()


class ComparedSerializer(serializers.Serializer[Comparison]):
    """The cases that both answered, counted by who was right; `p_value` is McNemar's, exact and two-sided."""

    both = serializers.IntegerField()
    only_first = serializers.IntegerField()
    only_second = serializers.IntegerField()
    neither = serializers.IntegerField()
    total = serializers.IntegerField()
    p_value = serializers.FloatField()
    is_same_material = serializers.BooleanField(help_text="false: the cases have changed between the runs")


class EvalComparisonSerializer(serializers.Serializer[Any]):
    first = EvalRunRowSerializer()
    second = EvalRunRowSerializer()
    compared = ComparedSerializer()
    differences = DifferenceSerializer(many=True, help_text="the first of them, by case id")
    differences_count = serializers.IntegerField()


class EvalCaseSerializer(serializers.Serializer[Any]):
    suite = serializers.CharField()
    case_id = serializers.CharField()
    document = RedactedJson(help_text="what is put to the agents, and what is right")
