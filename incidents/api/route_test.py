"""POST /api/route-test/: where a pasted payload would go; nothing of it is kept."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.api.redacted import RedactedText
from incidents.api.serializers import PauseSerializer
from incidents.choices import Disposition
from incidents.models import Incident, Service
from incidents.route_test import NotReadable, route_test
from incidents.webhooks.sns import LARGEST_BODY_BYTES


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"This is larger than {LARGEST_BODY_BYTES // 1024} KiB; SNS delivers 256 KiB at most."


class MayTest(DjangoModelPermissions):
    """Needs the view permission of everything that the answer names; it changes nothing."""

    perms_map = {
        method: ["incidents.view_service", "incidents.view_incident", "incidents.view_event"]
        for method in ("POST", "OPTIONS")
    }


class PayloadSerializer(serializers.Serializer[Any]):
    payload = serializers.CharField(
        trim_whitespace=False, help_text="an SNS message or a bare CloudWatch alarm, as JSON text"
    )

    def validate_payload(self, payload: str) -> str:
        if len(payload.encode()) > LARGEST_BODY_BYTES:
            raise TooLarge
        return payload


class TestedAlarmSerializer(serializers.Serializer[Any]):
    name = RedactedText()
    state = serializers.CharField()
    account = serializers.CharField()
    region = serializers.CharField()
    state_changed_at = serializers.SerializerMethodField(help_text="as the alarm says it")

    def get_state_changed_at(self, alarm: Any) -> str:
        return str(alarm.state_changed_at.isoformat())


class TestedIncidentSerializer(serializers.ModelSerializer[Incident]):
    title = RedactedText()

    class Meta:
        model = Incident
        fields = ["id", "title", "status"]
        read_only_fields = fields


class TestedServiceSerializer(serializers.ModelSerializer[Service]):
    class Meta:
        model = Service
        fields = ["id", "name", "mode"]
        read_only_fields = fields


class RouteTestSerializer(serializers.Serializer[Any]):
    disposition = serializers.ChoiceField(choices=Disposition.choices, help_text="what intake would write of it")
    reason = RedactedText()
    alarm = TestedAlarmSerializer(allow_null=True)
    service = TestedServiceSerializer(allow_null=True, help_text="whose pattern claims the alarm")
    incident = TestedIncidentSerializer(allow_null=True, help_text="the open one it is about; null: none")
    resolves = serializers.BooleanField(help_text="that incident, or the new one, would end at once")
    known_event = serializers.IntegerField(
        source="known.pk", allow_null=True, default=None, help_text="delivered before: nothing more would happen"
    )
    pause = PauseSerializer(allow_null=True, help_text="the pause in force, or null")
    hold = serializers.CharField(help_text="why a new incident would wait for the next hour; empty: it would not")
    remarks = serializers.ListField(child=RedactedText())


class RouteTestView(APIView):
    permission_classes = [MayTest]
    parser_classes = [JSONParser]
    queryset = Service.objects.all()

    @extend_schema(
        request=PayloadSerializer,
        responses={200: RouteTestSerializer, 413: OpenApiResponse(description="the payload is too large")},
    )
    def post(self, request: Request) -> Response:
        """Say what intake would do with a payload, and why. Nothing is stored, sent or confirmed."""
        given = PayloadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            found = route_test(given.validated_data["payload"])
        except NotReadable as error:
            raise serializers.ValidationError({"payload": [str(error)]}) from error
        return Response(RouteTestSerializer(found).data)

    def handle_exception(self, exc: Exception) -> Response:
        """Say in the same words that Django would read no more of the request."""
        return super().handle_exception(TooLarge() if isinstance(exc, RequestDataTooBig) else exc)
