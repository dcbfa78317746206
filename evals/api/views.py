"""GET /api/evals/: read from the rows that run_evals writes, computed by the reports' own functions."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from evals.api.serializers import (
    EvalCaseSerializer,
    EvalComparisonSerializer,
    EvalResultSerializer,
    EvalRunRowSerializer,
    EvalRunSerializer,
    run_document,
)
from evals.api.suites import case_document, suite_named
from evals.comparison import NotComparable, differences, runs_compare
from evals.models import EvalResult, EvalRun, Outcome, RunState
from evals.reports.figures import FLOORS, HARNESS, report_of
from evals.suites.registry import SUITES
from incidents.api.pagination import NewestFirst
from incidents.api.permissions import MayView

DIFFERENCES_SHOWN = 200


class OneAfterAnother(NewestFirst):
    ordering = "id"


class EvalRunFilter(filters.FilterSet):
    suite = filters.ChoiceFilter(choices=[(name, name) for name in SUITES])
    model = filters.CharFilter()
    state = filters.ChoiceFilter(choices=RunState.choices)
    kind = filters.ChoiceFilter(
        choices=[(kind, kind) for kind in ("model", "floor", "harness")], method="by_kind", label="of the entrant"
    )

    class Meta:
        model = EvalRun
        fields: list[str] = []

    def by_kind(self, runs: QuerySet[EvalRun, EvalRun], _name: str, kind: str) -> QuerySet[EvalRun, EvalRun]:
        match kind:
            case "floor":
                return runs.filter(model__in=FLOORS)
            case "harness":
                return runs.filter(model__in=HARNESS)
            case _:
                return runs.exclude(model__in=[*FLOORS, *HARNESS])


class EvalRunViewSet(viewsets.ReadOnlyModelViewSet[EvalRun]):
    permission_classes = [MayView]
    queryset = EvalRun.objects.all()
    serializer_class = EvalRunRowSerializer
    pagination_class = NewestFirst
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = EvalRunFilter

    @extend_schema(responses=EvalRunSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One run with its matrices, groups, calibration and the floors over the same cases."""
        run = self.get_object()
        suite = suite_named(run.suite)
        if suite is None:
            raise Http404(f"This release has no suite {run.suite!r}, so the run has no report.")
        return Response(run_document(report_of(run, suite)))


class EvalResultFilter(filters.FilterSet):
    outcome = filters.ChoiceFilter(choices=Outcome.choices)
    is_right = filters.BooleanFilter()

    class Meta:
        model = EvalResult
        fields: list[str] = []


class EvalResultsView(generics.ListAPIView[EvalResult]):
    """The cases of a run as they were answered."""

    permission_classes = [MayView]
    queryset = EvalResult.objects.all()
    serializer_class = EvalResultSerializer
    pagination_class = OneAfterAnother
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = EvalResultFilter

    def filter_queryset(self, queryset: QuerySet[EvalResult, Any]) -> QuerySet[EvalResult, Any]:
        # Here and not before: the permission is asked for with the queryset, and counts first.
        run = generics.get_object_or_404(EvalRun, pk=self.kwargs["pk"])
        return super().filter_queryset(queryset.filter(run=run))


class PairSerializer(serializers.Serializer[Any]):
    a = serializers.PrimaryKeyRelatedField(queryset=EvalRun.objects.all(), help_text="a run")
    b = serializers.PrimaryKeyRelatedField(queryset=EvalRun.objects.all(), help_text="another of its suite")


class CompareView(APIView):
    permission_classes = [MayView]
    queryset = EvalRun.objects.all()

    @extend_schema(
        parameters=[
            OpenApiParameter("a", OpenApiTypes.INT, required=True, description="a run"),
            OpenApiParameter("b", OpenApiTypes.INT, required=True, description="another of its suite"),
        ],
        responses=EvalComparisonSerializer,
    )
    def get(self, request: Request) -> Response:
        """Two runs over the same cases, and those that one of them alone had right."""
        asked = PairSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        first, second = asked.validated_data["a"], asked.validated_data["b"]
        try:
            compared = runs_compare(first, second)
        except NotComparable as error:
            raise serializers.ValidationError({"b": [str(error)]}) from error
        found = differences(first, second)
        comparison = {
            "first": first,
            "second": second,
            "compared": compared,
            "differences": found[:DIFFERENCES_SHOWN],
            "differences_count": len(found),
        }
        return Response(EvalComparisonSerializer(comparison).data)


class CaseView(APIView):
    permission_classes = [MayView]
    queryset = EvalResult.objects.all()

    @extend_schema(responses=EvalCaseSerializer)
    def get(self, request: Request, suite: str, case_id: str) -> Response:
        """What a case puts to the agents, as this release has it."""
        document = case_document(suite, case_id)
        if document is None:
            raise Http404(f"This release has no case {case_id!r} in a suite {suite!r}.")
        return Response(EvalCaseSerializer({"suite": suite, "case_id": case_id, "document": document}).data)
