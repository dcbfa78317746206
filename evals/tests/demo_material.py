"""The demo's files as a test reads them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agents.fix.handoff import FixProposal

DEMO = Path(__file__).parent.parent / "demo"
SERVICE = DEMO / "orders-service"
NOT_COMMITTED = frozenset({"node_modules", "coverage"})

_NUMBER = re.compile(r"\{\{\w+\}\}")
_TEXT = re.compile(r"\{\{\w+\|text\}\}")


@dataclass(frozen=True)
class Submission:
    """One hand-off that the script lets the model submit; `turn` counts from 0."""

    scenario: str
    agent: str
    turn: int
    is_last: bool
    values: Mapping[str, Any]


def script() -> list[dict[str, Any]]:
    """Return the scenarios of the model's script."""
    loaded = yaml.safe_load((DEMO / "model_script.yaml").read_text(encoding="utf-8"))
    scenarios: list[dict[str, Any]] = loaded["scenarios"]
    return scenarios


def incidents() -> dict[str, Any]:
    """Return incidents.yaml."""
    loaded: dict[str, Any] = yaml.safe_load((DEMO / "incidents.yaml").read_text(encoding="utf-8"))
    return loaded


def submissions(agent: str) -> Iterator[Submission]:
    """Yield what `agent` submits, in the order of the script."""
    for scenario in script():
        turns = scenario["turns"]
        for number, turn in enumerate(turns):
            for block in turn["content"]:
                if block["type"] == "tool_use" and block["name"] == f"submit_{agent}":
                    yield Submission(scenario["name"], agent, number, number == len(turns) - 1, block["input"])


def tool_calls() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and input of every tool call that is no submission."""
    for scenario in script():
        for turn in scenario["turns"]:
            for block in turn["content"]:
                if block["type"] == "tool_use" and not block["name"].startswith("submit_"):
                    yield block["name"], block["input"]


def filled(value: Any, *, text: str, number: int = 1) -> Any:
    """Return `value` as if `text` had been captured for each `{{name|text}}` and `number` for each `{{name}}`."""
    if isinstance(value, str):
        return number if _NUMBER.fullmatch(value) else _TEXT.sub(text, value)
    if isinstance(value, dict):
        return {key: filled(entry, text=text, number=number) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry, text=text, number=number) for entry in value]
    return value


def better_patch() -> FixProposal:
    """Return the patch that the person at the gate answers with."""
    rejection = incidents()["rejection"]
    return FixProposal(rationale=rejection["comment"], edits=rejection["edits"], new_files=rejection["new_files"])


def service_files() -> set[str]:
    """Return the paths of the service's files, installed and generated ones left out."""
    return {
        path.relative_to(SERVICE).as_posix()
        for path in SERVICE.rglob("*")
        if path.is_file() and not NOT_COMMITTED.intersection(path.relative_to(SERVICE).parts)
    }
