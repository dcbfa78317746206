"""Which paths of one service are sensitive, as its people say: read, or refused pattern by pattern."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from incidents.choices import Risk

EXAMPLE = '[{"pattern": "src/ledger/*", "risk": "HIGH", "why": "money"}]'
FIELDS = frozenset({"pattern", "risk", "why"})


@dataclass(frozen=True)
class ServicePattern:
    """A shell-style pattern of paths that raises the risk in one service."""

    pattern: str
    risk: Risk
    why: str

    def matches(self, path: str) -> bool:
        return fnmatchcase(path, self.pattern)


class BadPattern(ValueError):
    """A service's risk patterns cannot be read; the text says of each one why."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def service_patterns(document: Any) -> Sequence[ServicePattern]:
    """Read `Service.risk_patterns`, a list as in EXAMPLE. Raises BadPattern with every problem there is."""
    if not isinstance(document, list):
        raise BadPattern([f"risk patterns are a list: {EXAMPLE}"])
    problems = [why for number, entry in enumerate(document, 1) if (why := _problem(entry, number))]
    if problems:
        raise BadPattern(problems)
    return [ServicePattern(entry["pattern"], Risk(entry["risk"]), entry.get("why", "")) for entry in document]


def _problem(entry: Any, number: int) -> str:
    """Return why this entry cannot be read; empty if it can."""
    if not isinstance(entry, dict):
        return f"pattern {number} is {entry!r} and not an object; write {EXAMPLE}"
    pattern, risk = entry.get("pattern"), entry.get("risk")
    if not isinstance(pattern, str) or not pattern.strip():
        return f"pattern {number} has no `pattern`: give a path as the repository has it, with * for anything"
    where = f"pattern {number} ({pattern})"
    if pattern.startswith(("/", "./")) or "\\" in pattern:
        return f"{where} matches nothing: paths begin at the repository's root, without a slash, as src/ledger/*"
    if risk not in Risk.values:
        return f"{where} needs a `risk` of {', '.join(Risk.values)}; it has {risk!r}"
    if not isinstance(entry.get("why", ""), str):
        return f"{where} has a `why` that is no text"
    if unknown := sorted(set(entry) - FIELDS):
        return f"{where} has unknown fields: {', '.join(map(str, unknown))}"
    return ""
