"""Pydantic models as the Messages API wants to see them, and their errors as a model can act on them."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema


class _WithoutFieldTitles(GenerateJsonSchema):
    """Leaves out the titles that only repeat each field's name: they cost tokens and say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def tool_definition(name: str, description: str, arguments: type[BaseModel]) -> dict[str, Any]:
    """Return a tool as the `tools` parameter of the Messages API holds it."""
    return {
        "name": name,
        "description": description,
        "input_schema": _input_schema(arguments),
    }


@lru_cache(maxsize=128)
def _input_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a type, made once: it takes milliseconds, and every model call sends all of them."""
    return arguments.model_json_schema(schema_generator=_WithoutFieldTitles)


def problems_in(error: ValidationError) -> list[str]:
    """Return one line for each thing that is wrong: where, what, and what was given."""
    return [
        f"{'.'.join(str(part) for part in found['loc']) or 'the whole'}: {found['msg']} "
        f"(given: {found['input']!r:.200})"
        for found in error.errors(include_url=False, include_context=False)
    ]
