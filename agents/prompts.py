"""The prompt files of an agent: `system.md` is constant, `task.md` a `string.Template` filled for each run."""

from functools import cache
from pathlib import Path
from string import Template


def system_prompt(agent: str) -> str:
    """Return the agent's system prompt, the same bytes in every call so that it is cached."""
    return _read(agent, "system.md")


def task_prompt(agent: str, **values: object) -> str:
    """Return the agent's task with `values` filled in. Raises KeyError for a placeholder without a value."""
    return Template(_read(agent, "task.md")).substitute(values).strip() + "\n"


@cache
def _read(agent: str, name: str) -> str:
    return (Path(__file__).parent / agent / name).read_text(encoding="utf-8")
