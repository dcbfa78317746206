"""/api/services/: how the platform treats each service, to read and, for those allowed, to change."""

import shlex
from typing import Any, cast

from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.permissions import MayViewOrChange
from incidents.api.queries import service_rows
from incidents.choices import Risk
from incidents.models import Service
from incidents.service_settings import service_settings_change

MOST_ENTRIES = 100

# What git-check-ref-format allows, as far as one expression can say it.
_ref = RegexValidator(
    r"^(?![-/.])(?!.*(\.\.|//|@\{))[^\s~^:?*\[\\\x00-\x1f\x7f]+(?<![/.])$",
    "This is no name of a branch, tag or commit.",
)
_repository = RegexValidator(r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", "Write it as owner/name.")


class RiskPatternSerializer(serializers.Serializer[Any]):
    pattern = serializers.CharField(max_length=300, help_text="shell-style pattern of paths")
    risk = serializers.ChoiceField(choices=Risk.choices)
    why = serializers.CharField(max_length=300, allow_blank=True, default="")

    def validate(self, entry: dict[str, str]) -> dict[str, str]:
        # A PATCH leaves out whole settings; inside one the framework would let the same pass.
        missing = {name: ["This field is required."] for name in ("pattern", "risk") if name not in entry}
        if missing:
            raise serializers.ValidationError(missing)
        return {"why": "", **entry}


@extend_schema_field(RiskPatternSerializer(many=True))
class RiskPatternsField(serializers.ListField):
    """The column is free JSON: what the console has let in is shown as far as it can be read."""

    child = RiskPatternSerializer()

    def to_representation(self, value: Any) -> list[dict[str, str]]:
        entries = value if isinstance(value, list) else []
        return [
            {name: str(entry.get(name, "")) for name in ("pattern", "risk", "why")}
            for entry in entries
            if isinstance(entry, dict)
        ]


def _entries(longest: int, *, allow_empty: bool = True) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=longest), allow_empty=allow_empty, max_length=MOST_ENTRIES
    )


class ServiceSettingsSerializer(serializers.ModelSerializer[Service]):
    open_incidents = serializers.IntegerField(read_only=True)
    repository = serializers.CharField(max_length=200, validators=[_repository])
    default_branch = serializers.CharField(max_length=200, validators=[_ref])
    deployed_ref = serializers.CharField(max_length=200, allow_blank=True, validators=[_ref])
    alarm_patterns = _entries(255, allow_empty=False)
    log_groups = _entries(512)
    allowed_paths = _entries(300)
    owners = _entries(100)
    risk_patterns = RiskPatternsField(max_length=MOST_ENTRIES)

    class Meta:
        model = Service
        fields = [
            *("id", "name", "repository", "default_branch", "deployed_ref", "alarm_patterns", "log_groups"),
            *("test_command", "sandbox_image", "approval_threshold", "mode", "merge_policy", "alarm_policy"),
            *(
                "allowed_paths",
                "risk_patterns",
                "incidents_per_hour",
                "owners",
                "budget_usd_per_incident",
                "budget_usd_per_day",
            ),
            "open_incidents",
        ]
        # The name is part of every fingerprint: with another one, open incidents would not be found again.
        read_only_fields = ["name"]
        # Every setting is always answered with; a PATCH leaves out what it likes.
        extra_kwargs = {
            name: {"required": True}
            for name in (
                *("test_command", "sandbox_image", "approval_threshold", "mode", "merge_policy"),
                *("alarm_policy", "incidents_per_hour", "budget_usd_per_incident", "budget_usd_per_day"),
            )
        }

    def validate_test_command(self, command: str) -> str:
        try:
            shlex.split(command)
        except ValueError as error:
            raise serializers.ValidationError(f"A shell could not read this: {error}.") from error
        return command


class ServiceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Service]):
    permission_classes = [MayViewOrChange]
    parser_classes = [JSONParser]
    queryset = service_rows()
    serializer_class = ServiceSettingsSerializer
    filter_backends: list[Any] = []

    @extend_schema(request=ServiceSettingsSerializer(partial=True))
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some settings; what is not sent stays. The console's history keeps who changed what."""
        service = self.get_object()
        given = self.get_serializer(service, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        user = cast(User, request.user)  # the permission lets nobody else in
        service_settings_change(service=service, user=user, changes=given.validated_data)
        return Response(self.get_serializer(self.get_object()).data)
