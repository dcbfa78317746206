"""What a repository declares that it needs from outside: package.json, requirements, pyproject and their kin."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

_NPM_SECTIONS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")
_QUOTED_REQUIREMENT = re.compile(r"""["']([A-Za-z0-9][\w.-]*)""")
_IMPORT_NAMES = Path(__file__).parent / "python_import_names.txt"


def is_manifest(path: str) -> bool:
    """True for files that `declared` reads."""
    name, parent = PurePosixPath(path).name, PurePosixPath(path).parent.name
    is_requirements = name.endswith((".txt", ".in")) and (
        name.startswith(("requirements", "constraints")) or parent == "requirements"
    )
    return is_requirements or name in ("package.json", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")


def declared(manifests: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return (npm package names, Python import names in lower case) from manifest texts by path.

    A manifest that does not parse declares nothing.
    """
    npm: set[str] = set()
    python: set[str] = set()
    for path, content in manifests.items():
        name = PurePosixPath(path).name
        if name == "package.json":
            npm.update(_npm(content))
        else:
            for distribution in _distributions(name, content):
                python.update(_import_names(distribution))
    return frozenset(npm), frozenset(python)


def _npm(content: str) -> Iterator[str]:
    try:
        manifest = json.loads(content)
    except ValueError:
        return
    if not isinstance(manifest, dict):
        return
    names = [name for section in _NPM_SECTIONS for name in _mapping(manifest.get(section))]
    if isinstance(manifest.get("name"), str):
        names.append(manifest["name"])  # a workspace's packages import one another by name
    for name in names:
        yield name
        if name.startswith("@types/"):
            scope, _, rest = name.removeprefix("@types/").partition("__")
            yield f"@{scope}/{rest}" if rest else scope


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _distributions(name: str, content: str) -> Iterable[str]:
    if name in ("pyproject.toml", "Pipfile"):
        try:
            return list(_toml(tomllib.loads(content)))
        except tomllib.TOMLDecodeError:
            return []
    if name == "setup.py":
        return _QUOTED_REQUIREMENT.findall(content)
    return [match[1] for line in content.splitlines() if (match := _REQUIREMENT.match(line))]


def _toml(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Follow PEP 621 and PEP 735, and the tables of Poetry and Pipenv."""
    project, poetry = _mapping(manifest.get("project")), _mapping(_mapping(manifest.get("tool")).get("poetry"))
    lists = [project.get("dependencies", [])]
    lists += _mapping(project.get("optional-dependencies")).values()
    lists += _mapping(manifest.get("dependency-groups")).values()
    for requirement in (item for items in lists for item in items if isinstance(item, str)):
        if match := _REQUIREMENT.match(requirement):
            yield match[1]
    for table in (poetry, *_mapping(poetry.get("group")).values()):
        yield from _mapping(_mapping(table).get("dependencies"))
    yield from _mapping(poetry.get("dev-dependencies"))
    yield from _mapping(manifest.get("packages"))
    yield from _mapping(manifest.get("dev-packages"))
    if isinstance(project.get("name"), str):
        yield project["name"]


def _import_names(distribution: str) -> Iterator[str]:
    """Yield the names that a distribution is likely imported by, in lower case."""
    plain = re.sub(r"[-_.]+", "_", distribution).lower()
    yield plain
    yield plain.split("_")[0]
    yield plain.replace("_", "")
    yield plain.removeprefix("python_").removeprefix("py")
    yield plain.removesuffix("_python").removesuffix("_binary")
    yield from _known_import_names().get(plain, ())


@cache
def _known_import_names() -> dict[str, list[str]]:
    lines = (line.split() for line in _IMPORT_NAMES.read_text().splitlines() if not line.startswith("#"))
    return {words[0]: [word.lower() for word in words[1:]] for words in lines if words}
