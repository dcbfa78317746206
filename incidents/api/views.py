"""The read API's endpoints; each needs a session or a token."""

from typing import cast

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from redis.exceptions import RedisError
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.resilience.breaker import BreakerState, breaker_states
from incidents.api.detail import IncidentSerializer
from incidents.api.filters import EventFilter, IncidentFilter
from incidents.api.pagination import NewestFirst
from incidents.api.permissions import MayView
from incidents.api.queries import incident_details, incident_rows
from incidents.api.serializers import (
    AgentStepSerializer,
    EventSerializer,
    IncidentRowSerializer,
    MeSerializer,
    SummarySerializer,
)
from incidents.canary import without_canary
from incidents.choices import ENDED
from incidents.models import AgentStep, Event, Incident
from incidents.selectors import pause_in_force, spent_today_usd, waiting_by_service
from incidents.timing import time_to_pull_request

logger = structlog.get_logger(__name__)

TIMES_SHOWN = 10
# Digits of a bigint; Python refuses to read a number of thousands of them.
LONGEST_ID = 19


class IncidentViewSet(viewsets.ReadOnlyModelViewSet[Incident]):
    permission_classes = [MayView]
    filter_backends = [DjangoFilterBackend, SearchFilter, OrderingFilter]
    filterset_class = IncidentFilter
    ordering_fields = ["id", "first_seen_at", "last_seen_at", "occurrences", "severity"]
    search_fields = ["title"]
    pagination_class = NewestFirst
    queryset = Incident.objects.all()

    def get_queryset(self) -> QuerySet[Incident, Incident]:
        if self.action == "retrieve":
            return incident_details()
        if self.action == "list" and not self.request.query_params.get("service"):
            return without_canary(incident_rows())  # they are shown to whoever asks for that service
        return incident_rows()

    def get_serializer_class(self) -> type[IncidentRowSerializer]:
        return IncidentSerializer if self.action == "retrieve" else IncidentRowSerializer

    @extend_schema(
        parameters=[OpenApiParameter("stage_run", int, description="only the steps of this run")],
        responses=AgentStepSerializer(many=True),
        filters=False,
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    def steps(self, request: Request, pk: str) -> Response:
        """What the agents of this incident said and which tools they called, in order."""
        incident = self.get_object()
        steps = AgentStep.objects.filter(stage_run__incident=incident).order_by("stage_run_id", "number")
        stage_run = request.query_params.get("stage_run", "")
        if stage_run:
            is_id = stage_run.isdecimal() and len(stage_run) <= LONGEST_ID
            steps = steps.filter(stage_run_id=int(stage_run)) if is_id else steps.none()
        return Response(AgentStepSerializer(steps, many=True).data)


class EventViewSet(viewsets.ReadOnlyModelViewSet[Event]):
    permission_classes = [MayView]
    queryset = Event.objects.select_related("service").order_by("-id")
    serializer_class = EventSerializer
    filter_backends = [DjangoFilterBackend, SearchFilter]
    filterset_class = EventFilter
    search_fields = ["alarm_name", "subject"]
    pagination_class = NewestFirst


@method_decorator(ensure_csrf_cookie, name="dispatch")
class MeView(APIView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who is signed in; sets the CSRF cookie that signing out needs."""
        user = cast(User, request.user)  # the permission lets nobody else in
        me = {
            "username": user.get_username(),
            "full_name": user.get_full_name(),
            "is_staff": user.is_staff,
            "may_decide": user.has_perm("approvals.decide_approval"),
            "may_act": user.has_perm("incidents.change_incident"),
            "may_pause": user.has_perm("incidents.add_pause"),
            "may_change_services": user.has_perm("incidents.change_service"),
            "live_port": settings.ENV.public_feed_port,
        }
        return Response(MeSerializer(me).data)


class SummaryView(APIView):
    permission_classes = [MayView]
    queryset = Incident.objects.all()

    @extend_schema(responses=SummarySerializer)
    def get(self, request: Request) -> Response:
        """How many incidents stand where, today's spend, and how fast the newest pull requests were."""
        incidents = without_canary(Incident.objects.all())
        counts = list(incidents.order_by("status").values("status").annotate(count=Count("pk")))
        open_incidents = incidents.exclude(status__in=ENDED)
        newest = incidents.filter(pull_request__isnull=False).order_by("-pull_request__opened_at")
        timed = [
            {"incident": incident.pk, "title": incident.title, "time": time}
            for incident in newest.defer("embedding")[:TIMES_SHOWN]
            if (time := time_to_pull_request(incident))
        ]
        summary = {
            "breakers": _breakers(),
            "pause": pause_in_force(),
            "waiting": waiting_by_service(is_held=True),
            "budget_today_usd": settings.ENV.model_budget_usd_per_day,
            "open_incidents": sum(row["count"] for row in counts if row["status"] not in ENDED),
            "counts": counts,
            "open_by_severity": open_incidents.order_by("severity").values("severity").annotate(count=Count("pk")),
            "spent_today_usd": spent_today_usd(),
            "times_to_pull_request": timed,
        }
        return Response(SummarySerializer(summary).data)


def _breakers() -> list[BreakerState]:
    try:
        return breaker_states()
    except RedisError as error:
        # The page must be there above all when something is away.
        logger.warning("summary.without_breakers", error=str(error))
        return []
