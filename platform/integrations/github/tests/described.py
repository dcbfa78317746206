"""GitHub's own description of its API, asked whether a request and its answer are what it says they are."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from integrations.github.standin import Exchange

SCHEMAS = Path(__file__).parent / "schemas"
ROOT = "urn:github"


def violations(exchange: Exchange) -> list[str]:
    """Return what of the request or of its answer is not as described; an unknown operation is one as well."""
    request, answer = exchange.request, exchange.answer
    operation = _operation(request.method, request.path)
    if operation is None:
        return [f"{request.method} {request.path}: GitHub has no such operation"]
    path, described = operation
    where = f"#/paths/{_pointer(path)}/{request.method.lower()}"
    problems: list[str] = []
    # The schema of labels has lost the plain list that its description still allows and that PyGithub sends.
    is_list_of_labels = path.endswith("/labels") and isinstance(request.body, list)
    if "requestBody" in described and not is_list_of_labels and (request.body or _is_required(described)):
        problems += _problems(f"{where}/requestBody/content/application~1json/schema", request.body, "request")
    response = described["responses"].get(str(answer.status))
    if response is None:
        problems.append(f"{request.method} {path}: GitHub does not answer {answer.status}")
    elif schema := _response_schema(response, f"{where}/responses/{answer.status}"):
        problems += _problems(schema, answer.body, f"answer {answer.status}")
    return [f"{request.method} {path}: {problem}" for problem in problems]


def webhook_problems(payload: dict[str, Any], name: str) -> list[str]:
    """Return what of a webhook's payload is not as GitHub's schema of that event has it."""
    schemas = json.loads((SCHEMAS / "webhooks.json").read_text())
    validator = Draft7Validator({**schemas, "$ref": f"#/definitions/{name}"})
    return [f"{'/'.join(map(str, error.path))}: {error.message:.200}" for error in validator.iter_errors(payload)]


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "openapi.json").read_text())
    return found


@cache
def _registry() -> Any:
    return Registry().with_resource(ROOT, DRAFT4.create_resource(_document()))


def _operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    paths = sorted(_document()["paths"].items(), key=lambda path: -len(path[0]))  # the most exact one first
    for template, methods in paths:
        # A reference like heads/main has slashes of its own: parameters that x-multi-segment marks.
        pattern = re.sub(r"\{(\w+)\}", lambda name: ".+" if name[1] == "ref" else "[^/]+", template)
        if method.lower() in methods and re.fullmatch(pattern, path):
            return template, methods[method.lower()]
    return None


def _response_schema(response: dict[str, Any], where: str) -> str:
    if "$ref" in response:
        where = response["$ref"]
        response = _document()["components"]["responses"][where.rpartition("/")[2]]
    return f"{where}/content/application~1json/schema" if "application/json" in response.get("content", {}) else ""


def _problems(reference: str, value: Any, what: str) -> Iterator[str]:
    validator = OAS30Validator({"$ref": f"{ROOT}{reference}"}, registry=_registry())
    for error in validator.iter_errors(value):
        if error.instance is None and error.schema.get("nullable"):
            continue  # the lists of values leave out the null that they allow, as in a check run that goes on
        yield f"{what}: {'/'.join(map(str, error.path))}: {error.message:.200}"


def _is_required(described: dict[str, Any]) -> bool:
    return bool(described["requestBody"].get("required"))


def _pointer(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")
