"""The script of the stand-in: which turns the model takes in which conversation, read from a YAML file.

    latency_seconds: 0.2              # optional: how long a turn takes
    scenarios:
      - name: checkout diagnosis
        when:
          tool: submit_diagnosis      # a tool that the request offers
          contains: [orders-checkout] # each is looked for in the system text and the first user message
          lacks: [attempt 2]          # none of these may be in it
        captures:                     # optional: facts of this run that turns repeat as {{name}}
          event: 'log event (\\d+)'    # the first group of the first match in the same text
        turns:
          - delay_seconds: 1.5        # optional, instead of latency_seconds
            content:
              - {type: text, text: "Looking at event {{event}}."}
              - {type: tool_use, name: read_file, input: {path: src/checkout.js}}
          - content:
              - {type: tool_use, name: submit_diagnosis, input: {...}}

The first scenario that fits is played. A string that is only `{{name}}` becomes a number if it looks like one;
`{{name|text}}` stays text, for ids that may be all digits.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import PlatformError

_PLACEHOLDER = re.compile(r"\{\{(\w+)(\|text)?\}\}")


class BadScript(PlatformError):
    """A script file cannot be used; the text names the file, the scenario and what is wrong with it."""


class NotForeseen(PlatformError):
    """The script has no answer to this request, or one that the API could not give."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Part):
    type: Literal["text"]
    text: str = Field(min_length=1)


class ToolUse(_Part):
    type: Literal["tool_use"]
    name: str = Field(min_length=1)
    input: dict[str, Any] = {}


class Turn(_Part):
    """One assistant message; `stop_reason` follows from the content where it is not given."""

    content: list[Annotated[Text | ToolUse, Field(discriminator="type")]]
    stop_reason: (
        Literal["end_turn", "tool_use", "max_tokens", "refusal", "pause_turn", "model_context_window_exceeded"]
        | None
    ) = None
    delay_seconds: float | None = Field(None, ge=0, le=600)

    @property
    def tools_used(self) -> list[str]:
        return [block.name for block in self.content if isinstance(block, ToolUse)]

    @property
    def ends_with(self) -> str:
        return self.stop_reason or ("tool_use" if self.tools_used else "end_turn")


class When(_Part):
    tool: str = Field(min_length=1)
    contains: list[str] = []
    lacks: list[str] = []


class Scenario(_Part):
    name: str = Field(min_length=1)
    when: When
    captures: dict[str, str] = {}
    turns: list[Turn] = Field(min_length=1)

    @field_validator("captures")
    @classmethod
    def _are_patterns_with_a_group(cls, captures: dict[str, str]) -> dict[str, str]:
        for name, pattern in captures.items():
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"{name}: {pattern!r} is no regular expression: {error}") from error
            if groups < 1:
                raise ValueError(f"{name}: {pattern!r} needs a group around what is to be captured")
        return captures

    @model_validator(mode="after")
    def _placeholders_are_captured(self) -> Self:
        used = {name for turn in self.turns for name, _ in _PLACEHOLDER.findall(turn.model_dump_json())}
        if unknown := sorted(used - set(self.captures)):
            raise ValueError(f"turns use {', '.join(unknown)}, which no capture gives")
        return self

    def fits(self, *, tools: set[str], text: str) -> bool:
        """Return whether this scenario is meant for a conversation that begins with `text`."""
        return (
            self.when.tool in tools
            and all(wanted in text for wanted in self.when.contains)
            and not any(unwanted in text for unwanted in self.when.lacks)
        )

    def content(self, turn: Turn, text: str) -> list[dict[str, Any]]:
        """Return the turn's blocks with this run's facts filled in. Raises NotForeseen if `text` lacks one."""
        facts = {}
        for name, pattern in self.captures.items():
            match = re.search(pattern, text)
            if match is None:
                raise NotForeseen(f"the scenario {self.name!r} captures {name} by {pattern!r}, which is not there")
            facts[name] = match[1]
        return [_filled(block.model_dump(), facts) for block in turn.content]


class Script(_Part):
    """All scenarios of one file."""

    latency_seconds: float = Field(0, ge=0, le=600)
    scenarios: list[Scenario] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [scenario.name for scenario in self.scenarios]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than one scenario is named {', '.join(twice)}")
        return self

    def scenario_for(self, *, tools: set[str], text: str) -> Scenario | None:
        """Return the first scenario that fits."""
        return next((scenario for scenario in self.scenarios if scenario.fits(tools=tools, text=text)), None)


def load_script(path: Path) -> Script:
    """Read a script file. Raises BadScript."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadScript(f"the script {path} cannot be read: {error}") from error
    try:
        return Script.model_validate(found)
    except ValidationError as error:
        wrong = "\n".join(f"- {_place(found, problem['loc'])}{problem['msg']}" for problem in error.errors())
        raise BadScript(f"the script {path} cannot be played:\n{wrong}") from error


def _place(found: Any, location: tuple[int | str, ...]) -> str:
    """Return where in the file a problem is, scenarios by their names and turns counted from 1."""
    words: list[str] = []
    for depth, part in enumerate(location):
        before = location[depth - 1] if depth else ""
        if before == "scenarios" and isinstance(part, int):
            scenario = found["scenarios"][part]
            name = scenario.get("name") if isinstance(scenario, dict) else None
            words.append(f"scenario {name!r}" if name else f"scenario number {part + 1}")
        elif isinstance(part, int):
            words.append(f"{before} number {part + 1}")
        elif part not in ("scenarios", "turns", "content") or part == location[-1]:
            words.append(part)
    return ", ".join(words) + ": " if words else ""


def _filled(value: Any, facts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, facts) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, facts) for item in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole and not whole[2] and facts[whole[1]].isdecimal():
        return int(facts[whole[1]])
    return _PLACEHOLDER.sub(lambda match: facts[match[1]], value)
