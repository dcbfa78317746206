"""Which paths a mistake would cost most in: everywhere, and as each service says for itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from incidents.choices import Risk

SENSITIVE_PATHS = (
    (Risk.HIGH, re.compile(r"(?i)(^|[/_.-])(auth(?!or(?!iz))|login|session|permission|crypto)"), "authentication"),
    (Risk.HIGH, re.compile(r"(?i)(^|[/_.-])(pay|billing|invoice|refund|charge)"), "money"),
    (Risk.HIGH, re.compile(r"(?i)(^|/)(migrations?|schema)(/|\.)"), "the database schema"),
    (Risk.HIGH, re.compile(r"(?i)(^|/)(terraform|infra|deploy|helm|k8s)(/|$)|Dockerfile"), "infrastructure"),
    (
        Risk.HIGH,
        re.compile(r"(^|/)(package\.json|requirements[^/]*\.txt|pyproject\.toml|setup\.(py|cfg)|Pipfile)$"),
        "dependencies",
    ),
)


@dataclass(frozen=True)
class ServicePattern:
    """A shell-style pattern of paths that raises the risk in one service."""

    pattern: str
    risk: Risk
    why: str

    def matches(self, path: str) -> bool:
        return fnmatchcase(path, self.pattern)


class BadPattern(ValueError):
    """A service's risk pattern cannot be read; the text says which and why."""


def service_patterns(document: Any) -> Sequence[ServicePattern]:
    """Read `Service.risk_patterns`: [{"pattern": ..., "risk": ..., "why": ...}]. Raises BadPattern."""
    if not isinstance(document, list):
        raise BadPattern('risk patterns are a list: [{"pattern": "src/ledger/*", "risk": "HIGH", "why": "money"}]')
    return [_pattern(entry) for entry in document]


def _pattern(entry: Any) -> ServicePattern:
    if not isinstance(entry, dict) or not isinstance(entry.get("pattern"), str) or not entry["pattern"]:
        raise BadPattern(f"the risk pattern {entry!r} has no `pattern`")
    if entry.get("risk") not in Risk.values:
        raise BadPattern(f"the risk pattern {entry['pattern']!r} needs a `risk` of {', '.join(Risk.values)}")
    return ServicePattern(entry["pattern"], Risk(entry["risk"]), str(entry.get("why", "")))
