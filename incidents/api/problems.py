"""The answers of the API that are no success, in its schema: the framework documents only what a view returns."""

from typing import Any

PROBLEM = "Problem"
_COMPONENT = {
    "type": "object",
    "properties": {"detail": {"type": "string", "description": "what was wrong, for people"}},
    "required": ["detail"],
}
_REFUSED = {
    "description": "what was wrong: by the name of the parameter or field, or in sentences where it has none",
    "anyOf": [
        {"type": "object", "additionalProperties": True},
        {"type": "array", "items": {"type": "string"}},
    ],
}


def document_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add 401, 403 and, where they can come, 400 and 404 to every operation (a hook of drf-spectacular)."""
    result.setdefault("components", {}).setdefault("schemas", {})[PROBLEM] = _COMPONENT
    for path, operations in result["paths"].items():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            names = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
            answers: dict[str, dict[str, Any]] = {"401": _problem("nobody is signed in")}
            answers["403"] = _problem("the user lacks a permission")
            if "{" in path or "cursor" in names:
                answers["404"] = _problem("there is no such row or page")
            if names or "requestBody" in operation:
                answers["400"] = _answer("a parameter or field cannot be used", _REFUSED)
            operation["responses"] = {**answers, **operation["responses"]}
    return result


def _problem(description: str) -> dict[str, Any]:
    return _answer(description, {"$ref": f"#/components/schemas/{PROBLEM}"})


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
