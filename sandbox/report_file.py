"""The file in which the test command leaves its results."""

from collections.abc import Sequence

REPORT_LIMIT_BYTES = 32 * 1024 * 1024

_PLACE = "{report}"


def report_words(command: Sequence[str], path: str) -> list[str]:
    """Return `command` with the place of the report put in."""
    return [word.replace(_PLACE, path) for word in command]
