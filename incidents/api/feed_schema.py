"""The live feed's messages in the API's schema, from which the dashboard's types are generated."""

from typing import Any

from pydantic import TypeAdapter

from incidents.feed.messages import ClientMessage, ServerMessage

_REF = "#/components/schemas/{model}"


def document_feed(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add FeedClientMessage and FeedServerMessage to the schema's components (a hook of drf-spectacular)."""
    components = result.setdefault("components", {}).setdefault("schemas", {})
    unions: dict[str, Any] = {"FeedClientMessage": ClientMessage, "FeedServerMessage": ServerMessage}
    for name, union in unions.items():
        schema = TypeAdapter(union).json_schema(ref_template=_REF)
        components.update(_as_openapi(schema.pop("$defs")))
        components[name] = _as_openapi(schema)
    return result


def _as_openapi(schema: Any) -> Any:
    """Return `schema` in the words of OpenAPI 3.0, which knows neither `const` nor the type null."""
    if isinstance(schema, list):
        return [_as_openapi(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "const" in schema:
        return {"type": "string", "enum": [schema["const"]]}
    if {"type": "null"} in schema.get("anyOf", []):
        [other] = [part for part in schema["anyOf"] if part != {"type": "null"}]
        return {**_as_openapi(other), "nullable": True}
    # A title is only the name once more.
    return {key: _as_openapi(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}
