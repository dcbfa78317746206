"""A package.json, as far as it is read here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.contract import SandboxRefused

FILE = "package.json"


@dataclass(frozen=True)
class Package:
    """`named` are the packages that it depends on for work or tests; `manager` is its "packageManager" field."""

    named: frozenset[str]
    scripts: dict[str, str]
    manager: str

    @property
    def test_script(self) -> str:
        return self.scripts.get("test", "")


def package_read(checkout: Path) -> Package:
    """Return the package at `checkout`. Raises SandboxRefused for a file that is no package.json."""
    try:
        package = json.loads((checkout / FILE).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SandboxRefused(f"package.json cannot be read: {error}") from error
    if not isinstance(package, dict):
        raise SandboxRefused(f"package.json holds a {type(package).__name__}, not an object")
    named = {**_table(package, "dependencies"), **_table(package, "devDependencies")}
    scripts = {name: text for name, text in _table(package, "scripts").items() if isinstance(text, str)}
    return Package(frozenset(named), scripts, str(package.get("packageManager", "")))


def _table(package: dict[str, Any], name: str) -> dict[str, Any]:
    table = package.get(name)
    return table if isinstance(table, dict) else {}
