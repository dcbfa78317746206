import pytest
from pydantic import BaseModel, Field, ValidationError

from agents.runtime.schema import problems_in, tool_definition


class Place(BaseModel):
    title: str = Field(description="A field that is itself named title.")
    line: int = Field(ge=1)


class Report(BaseModel):
    """What was found."""

    places: list[Place]


def test_a_model_becomes_a_tool_with_its_descriptions() -> None:
    definition = tool_definition("submit_report", "Hand in.", Report)

    schema = definition["input_schema"]
    assert definition["name"] == "submit_report"
    assert schema["type"] == "object"
    assert schema["required"] == ["places"]
    assert schema["$defs"]["Place"]["properties"]["title"]["description"] == "A field that is itself named title."
    assert "title" not in schema["$defs"]["Place"]["properties"]["line"]


def test_each_problem_says_where_what_and_what_was_given() -> None:
    with pytest.raises(ValidationError) as caught:
        Report.model_validate({"places": [{"title": "x", "line": 0}, {"line": 2}]})

    assert problems_in(caught.value) == [
        "places.0.line: Input should be greater than or equal to 1 (given: 0)",
        "places.1.title: Field required (given: {'line': 2})",
    ]
