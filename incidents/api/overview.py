"""GET /api/overview/ and /api/work/: how the platform does, and whether its workers are there."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.intervals import Interval
from incidents.api.permissions import MayView
from incidents.false_positives import FalsePositives, false_positive_rate
from incidents.models import Incident
from incidents.overview import outcomes_by_service, speeds_compared, spent_today_by_service
from incidents.selectors import spent_today_usd
from incidents.work_queues import work_queues

LONGEST_DAYS = 366


class OverviewQuerySerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, default=30, help_text="how far back")
    by = serializers.ChoiceField(choices=["day", "week"], default="week", help_text="the length of a period")


class SpeedSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    p50_seconds = serializers.FloatField(allow_null=True)
    p90_seconds = serializers.FloatField(allow_null=True)


class PeriodSerializer(SpeedSerializer):
    start = serializers.DateTimeField(help_text="of the day or week, in UTC")


class SpeedsSerializer(serializers.Serializer[Any]):
    total = SpeedSerializer()
    periods = PeriodSerializer(many=True)


class SpeedsComparedSerializer(serializers.Serializer[Any]):
    agents = SpeedsSerializer(help_text="from the opening to our first pull request")
    people = SpeedsSerializer(help_text="from the opening until a person ended it without a pull request of ours")


class RateSerializer(serializers.Serializer[Any]):
    """A share with its 95 % interval; null where there is nothing to count."""

    rate = serializers.FloatField(allow_null=True)
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()

    def get_low(self, row: Any) -> float | None:
        interval: Interval | None = row.interval
        return interval.low if interval else None

    def get_high(self, row: Any) -> float | None:
        interval: Interval | None = row.interval
        return interval.high if interval else None


class FalsePositivesSerializer(RateSerializer):
    called_real = serializers.IntegerField()
    reviewed = serializers.IntegerField()
    false_positives = serializers.IntegerField(source="false")
    reviewed_share = serializers.FloatField(allow_null=True)


class ServiceOutcomesSerializer(RateSerializer):
    service = serializers.CharField()
    resolved = serializers.IntegerField()
    resolved_by_fix = serializers.IntegerField(help_text="with our pull request merged")
    unsolved = serializers.IntegerField(help_text="needs a person, rejected or closed")
    moving = serializers.IntegerField(help_text="still on its way; not in the rate")


class ServiceSpendSerializer(serializers.Serializer[Any]):
    service = serializers.CharField()
    spent_usd = serializers.DecimalField(max_digits=12, decimal_places=6)
    budget_usd = serializers.DecimalField(max_digits=12, decimal_places=2)


class OverviewSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    time_to_pull_request = SpeedsComparedSerializer()
    false_positives = FalsePositivesSerializer()
    services = ServiceOutcomesSerializer(many=True)
    spent_today_usd = serializers.DecimalField(max_digits=12, decimal_places=6)
    budget_today_usd = serializers.DecimalField(max_digits=12, decimal_places=2)
    spent_today_by_service = ServiceSpendSerializer(many=True)


class OverviewView(APIView):
    permission_classes = [MayView]
    queryset = Incident.objects.all()

    @extend_schema(parameters=[OverviewQuerySerializer], responses=OverviewSerializer)
    def get(self, request: Request) -> Response:
        """How fast, how often and how well, over the incidents of the last days."""
        asked = OverviewQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        since = timezone.now() - timedelta(days=asked.validated_data["days"])
        false_positives: FalsePositives = false_positive_rate(since=since)
        overview = {
            "since": since,
            "time_to_pull_request": speeds_compared(since=since, by=asked.validated_data["by"]),
            "false_positives": false_positives,
            "services": outcomes_by_service(since=since),
            "spent_today_usd": spent_today_usd(),
            "budget_today_usd": settings.ENV.model_budget_usd_per_day,
            "spent_today_by_service": spent_today_by_service(),
        }
        return Response(OverviewSerializer(overview).data)


class WorkQueueSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    waiting = serializers.IntegerField(allow_null=True, help_text="null: the broker does not answer")
    workers = serializers.ListField(child=serializers.CharField())


class WorkerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    queues = serializers.ListField(child=serializers.CharField())


class WorkQueuesSerializer(serializers.Serializer[Any]):
    is_known = serializers.BooleanField(help_text="false: the broker does not answer")
    queues = WorkQueueSerializer(many=True)
    workers = WorkerSerializer(many=True, help_text="those that answered just now")


class WorkView(APIView):
    permission_classes = [MayView]
    queryset = Incident.objects.all()

    @extend_schema(responses=WorkQueuesSerializer)
    def get(self, request: Request) -> Response:
        """Which workers are there, and how many tasks wait in each queue."""
        return Response(WorkQueuesSerializer(work_queues()).data)
