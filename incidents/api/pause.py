"""POST and DELETE /api/pause/: the switch for everything, for those who may press it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import JSONParser
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from incidents.admission import pause_end, pause_start
from incidents.api.serializers import PauseSerializer
from incidents.models import Pause


class MayPause(DjangoModelPermissions):
    """Starting and ending a pause need the same permission, as in the console."""

    perms_map = {method: ["%(app_label)s.add_%(model_name)s"] for method in ("POST", "DELETE", "OPTIONS")}


class PauseReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, help_text="what people read who wonder why nothing moves")


class PauseView(APIView):
    permission_classes = [MayPause]
    parser_classes = [JSONParser]
    queryset: QuerySet[Pause, Pause] = Pause.objects.all()

    @extend_schema(request=PauseReasonSerializer, responses=PauseSerializer)
    def post(self, request: Request) -> Response:
        """Stop every incident at its next step; the answer is the pause in force, which may be an earlier one."""
        given = PauseReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        pause = pause_start(reason=given.validated_data["reason"], actor=_actor(request))
        return Response(PauseSerializer(pause).data)

    @extend_schema(responses={204: OpenApiResponse(description="nothing is paused now")})
    def delete(self, request: Request) -> Response:
        """Let everything go on."""
        pause_end(actor=_actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _actor(request: Request) -> str:
    return f"user:{request.user.get_username()}"
