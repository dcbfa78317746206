"""Fields whose text came from outside: what leaves through the API has no secrets in it."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.redact import redact


def redacted(value: Any) -> Any:
    """Return a JSON value with the secrets taken out of every text in it, keys included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if isinstance(value, dict):
        return {redact(key): redacted(item) for key, item in value.items()}
    return value


class RedactedText(serializers.CharField):
    """Text from outside, read only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return redact(super().to_representation(value))


@extend_schema_field(OpenApiTypes.ANY)
class RedactedJson(serializers.JSONField):
    """A JSON document from outside, read only; its shape is that of the stage or system that wrote it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return redacted(super().to_representation(value))
