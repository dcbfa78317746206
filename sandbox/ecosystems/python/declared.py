"""The commands that tox and nox would run: they cannot install anything here."""

import configparser
import re
from pathlib import Path

from sandbox.contract import SandboxRefused
from sandbox.ecosystems.command_line import command_lines

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_SESSION_RUN = re.compile(r"session\.run\(\s*((?:[\"'][^\"']*[\"'],?\s*)+)")
_STRING = re.compile(r"[\"']([^\"']*)[\"']")


def declared_commands(checkout: Path, given: str) -> list[str]:
    """Return the commands that `given` stands for where it calls tox or nox, else none."""
    words = {word for line in command_lines(given) for word in line.words}
    if "tox" in words:
        return _tox_commands(checkout / "tox.ini")
    if "nox" in words:
        return _nox_commands(checkout / "noxfile.py")
    return []


def _tox_commands(file: Path) -> list[str]:
    if not file.is_file():
        return ["pytest"]
    reader = configparser.ConfigParser(interpolation=None)
    try:
        reader.read_string(file.read_text(encoding="utf-8"))
    except (ValueError, configparser.Error) as error:
        raise SandboxRefused(f"tox.ini cannot be read: {error}") from error
    text = reader.get("testenv", "commands", fallback="pytest").replace("\\\n", " ")
    # {posargs}, {envpython} and the like say nothing without tox.
    lines = [_PLACEHOLDER.sub("", line).strip().lstrip("-").strip() for line in text.splitlines()]
    return [line for line in lines if line]


def _nox_commands(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return [" ".join(_STRING.findall(found[1])) for found in _SESSION_RUN.finditer(text)] or ["pytest"]
