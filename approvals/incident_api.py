"""What a person may do to an incident, over the API: the console's acts, for a page of one's own or a chat bot."""

from typing import Any, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.authentication import ScopedTokenAuthentication, has_scope
from approvals.choices import Scope
from approvals.serializers import RefusalSerializer
from core.errors import PlatformError
from incidents.acts import Act, act, acts_offered
from incidents.choices import Status
from incidents.models import Incident

NUMBER = OpenApiParameter("id", int, OpenApiParameter.PATH, description="the incident's number")


class ChoiceSerializer(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name of an attribute


class ActSerializer(serializers.Serializer[Act]):
    """One thing that is legal now."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name of an attribute
    choices = serializers.SerializerMethodField(help_text="the values to choose one of; empty: it needs none")
    field = serializers.CharField(help_text="what to write as the value; empty: it needs none")

    @extend_schema_field(ChoiceSerializer(many=True))
    def get_choices(self, offered: Act) -> list[dict[str, str]]:
        return [{"value": value, "label": label} for value, label in offered.choices]


class ActGivenSerializer(serializers.Serializer[Any]):
    act = serializers.CharField(max_length=50, help_text="the name of one that is offered")
    value = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class ActDoneSerializer(serializers.Serializer[Any]):
    effect = serializers.CharField(help_text="what became of it, in words")
    status = serializers.ChoiceField(choices=Status.choices)


class MayAct(BasePermission):
    """Reading needs the view permission and, of a program, the scope `read`; acting `change` and `act`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        needed = "incidents.view_incident" if is_read else "incidents.change_incident"
        if not (request.user.is_authenticated and request.user.has_perm(needed)):
            return False
        return has_scope(request, Scope.READ if is_read else Scope.ACT)


class IncidentActsView(APIView):
    authentication_classes = [ScopedTokenAuthentication, SessionAuthentication]
    permission_classes = [MayAct]
    queryset = Incident.objects.all()

    @extend_schema(parameters=[NUMBER], responses=ActSerializer(many=True), operation_id="incidents_acts_list")
    def get(self, request: Request, pk: str) -> Response:
        """What the asking person may do to the incident as it is now; nothing without the permission."""
        incident = get_object_or_404(self.queryset, pk=pk)
        offered = acts_offered(incident) if request.user.has_perm("incidents.change_incident") else []
        return Response([ActSerializer(each).data for each in offered])

    @extend_schema(
        parameters=[NUMBER],
        request=ActGivenSerializer,
        responses={200: ActDoneSerializer, 409: RefusalSerializer},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Do one of them, recorded with the person's name: pause, resume, retry, send, close, relabel, alarms."""
        incident, given = get_object_or_404(self.queryset, pk=pk), ActGivenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        sent = given.validated_data
        try:
            effect = act(
                incident=incident,
                user=cast(User, request.user),  # the permission lets nobody else in
                name=sent["act"],
                value=sent["value"],
                reason=sent["reason"],
                provenance="api",
            )
        except PlatformError as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        incident.refresh_from_db(fields=["status"])
        return Response(ActDoneSerializer({"effect": effect, "status": incident.status}).data)
