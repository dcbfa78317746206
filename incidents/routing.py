"""Which service an alarm belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from incidents.models import Service

WILDCARDS = "*?[]"


@dataclass(frozen=True)
class Route:
    """A service and the pattern by which it claims the alarm."""

    service: Service
    pattern: str


def route(alarm_name: str, services: Iterable[Service]) -> Route | None:
    """Return the service with the most specific pattern for the alarm, or None if none matches.

    A pattern is the more specific the more plain characters it has; of equals the first service by name wins.
    """
    matches = [
        Route(service, pattern)
        for service in services
        for pattern in service.alarm_patterns
        if fnmatchcase(alarm_name, pattern)
    ]
    return min(matches, key=lambda match: (-_plain_characters(match.pattern), match.service.name), default=None)


def _plain_characters(pattern: str) -> int:
    return sum(character not in WILDCARDS for character in pattern)
