"""What makes two errors in the logs the same: type, message without what differs each time, top in-app frames.

Line numbers do not count: they move with every deploy. Reads JavaScript and Python stack traces, bare or inside a
JSON log line; a line without a stack is an error without frames.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

# Part of what is hashed: change it whenever the recipe changes, so that old and new values never meet.
VERSION = "error/1"
FRAMES = 3
LONGEST_MESSAGE = 300

# What differs between two occurrences of one error, the most specific first.
_VARYING = tuple(
    (re.compile(pattern, re.IGNORECASE), mark)
    for pattern, mark in (
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\"(?:[^\"\\]|\\.)*\"|(?<![\w])'(?:[^'\\]|\\.)*'(?![\w])|`[^`]*`", "<value>"),
        (r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b", "<address>"),
        (r"\b0x[0-9a-f]+\b", "<hex>"),
        (r"(?<![^\W_])(?=[0-9a-f]*\d)(?=[0-9]*[a-f])[0-9a-f]{6,}(?![^\W_])", "<hex>"),
        (r"\d+(?:[.,]\d+)*", "<n>"),
    )
)
_SPACE = re.compile(r"\s+")

# `TypeError: message`, `orders.errors.NotFound: message`, `Uncaught Error: message`.
_HEAD = re.compile(
    r"(?:^|[\s:])(?P<type>(?:[A-Za-z_$][\w$]*\.)*(?:[A-Z][\w$]*(?:Error|Exception|Fault|Failure|Warning|Interrupt)|Error))"
    r"(?: \[[\w-]+\])?(?::[ \t]*(?P<message>[^\n]*))?(?=\n|$)"
)
_JAVASCRIPT_FRAME = re.compile(
    r"^\s*at (?:async )?(?:(?P<function>[^\s(]+(?: \[as [^\]]+\])?) \()?(?P<path>[^\s()]+?):\d+(?::\d+)?\)?\s*$",
    re.MULTILINE,
)
_PYTHON_FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line \d+, in (?P<function>\S+)', re.MULTILINE)
_NOT_IN_APP = re.compile(
    r"(^|/)node_modules/|^node:|^internal/|(^|/)(site|dist)-packages/|/lib/python\d|^<|(^|/)\.venv/"
)
_TRACEBACK = "Traceback (most recent call last)"
# Where the sources lie in a container is not part of the error.
_PATH_PARTS = 3


@dataclass(frozen=True)
class ErrorParts:
    """What goes into an error's fingerprint, and what the pages show of it."""

    type: str
    message: str
    frames: tuple[str, ...]

    @property
    def named(self) -> dict[str, Any]:
        """Return the parts by name, the recipe's version included."""
        return {"recipe": VERSION, "type": self.type, "message": self.message, "frames": list(self.frames)}

    @property
    def value(self) -> str:
        """Return the hex SHA-256 of a JSON list, which keeps the parts apart whatever is in them."""
        parts = [VERSION, self.type, self.message, list(self.frames)]
        return sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def error_in(messages: Sequence[str]) -> ErrorParts | None:
    """Return the error that most of these log messages show; of equals the last. None if none shows one."""
    found = [error for message in messages if (error := error_of(message)) is not None]
    if not found:
        return None
    counts = Counter(found)
    most = max(counts.values())
    return next(error for error in reversed(found) if counts[error] == most)


def error_of(message: str) -> ErrorParts | None:
    """Return the error in one log message, or None."""
    return next((error for text in _texts(message) if (error := _parse(text)) is not None), None)


def normalised(message: str) -> str:
    """Return the message without numbers, ids, hex, quoted values and times; normalising twice changes nothing."""
    for pattern, mark in _VARYING:
        # A mark of an earlier pattern holds nothing that a later one would find.
        message = pattern.sub(mark, message)
    return _SPACE.sub(" ", message).strip()[:LONGEST_MESSAGE].rstrip()


def _texts(message: str) -> Iterator[str]:
    """Yield what may hold a stack: the texts in a JSON line, several lines first, else the line itself."""
    try:
        document = json.loads(message) if message.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if document is None:
        yield message
        return
    yield from sorted(_strings(document), key=lambda text: "\n" not in text)


def _strings(value: object) -> list[str]:
    """Return every text in a JSON document; an object with a name and a message reads as an error's first line."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    if not isinstance(value, dict):
        return []
    heads = [f"{value[key]}: {value['message']}" for key in ("name", "type") if _has_texts(value, key, "message")]
    return heads + [text for item in value.values() for text in _strings(item)]


def _has_texts(value: dict[str, Any], *names: str) -> bool:
    return all(isinstance(value.get(name), str) for name in names)


def _parse(text: str) -> ErrorParts | None:
    is_python = _TRACEBACK in text
    heads = list(_HEAD.finditer(text))
    if not heads:
        return None
    # Python names the error after its frames, and the last of a chain is the one that was raised.
    head = heads[-1] if is_python else heads[0]
    frame = _PYTHON_FRAME if is_python else _JAVASCRIPT_FRAME
    frames = [
        f"{_short(found['path'])} {found['function'] or '(anonymous)'}"
        for found in frame.finditer(text)
        if not _NOT_IN_APP.search(found["path"])
    ]
    # Innermost first: JavaScript prints it so, Python the other way round.
    innermost = frames[::-1] if is_python else frames
    return ErrorParts(head["type"], normalised(head["message"] or ""), tuple(innermost[:FRAMES]))


def _short(path: str) -> str:
    return "/".join(path.removeprefix("file://").split("/")[-_PATH_PARTS:])
