"""What a run printed, within a limit: its beginning and its end are what a reader needs."""

import re

# Colours and cursor movements (ECMA-48 control sequences).
_CONTROL_SEQUENCES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class HeadAndTail:
    """Keeps the first and the last `limit_bytes / 2` of what is written to it."""

    def __init__(self, limit_bytes: int) -> None:
        self._half = max(1, limit_bytes // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._written = 0

    def write(self, data: bytes) -> None:
        self._written += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        # Cutting now and then, not at each write, keeps a flood of small writes linear.
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    def data(self) -> bytes:
        """Return what was kept, without a mark where something is missing."""
        return bytes(self._head + self._tail[-self._half :])

    def text(self) -> str:
        """Return what was kept, with a line that says how many bytes are missing between."""
        tail = self._tail[-self._half :]
        missing = self._written - len(self._head) - len(tail)
        if not missing:
            return readable((self._head + tail).decode(errors="replace"))
        marker = f"\n[... {missing} bytes left out ...]\n"
        return readable(self._head.decode(errors="replace") + marker + tail.decode(errors="replace"))


def readable(text: str) -> str:
    """Return `text` without terminal control sequences and without NUL, which PostgreSQL cannot store."""
    return _CONTROL_SEQUENCES.sub("", text).replace("\0", "\N{REPLACEMENT CHARACTER}")


def shortened(text: str, limit: int) -> str:
    """Return `text` with its middle left out if it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"
