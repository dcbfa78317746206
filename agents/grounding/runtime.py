"""Names that a language brings along, as against those of a repository."""

import builtins
import http
import importlib
import keyword
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from inspect import isclass
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Runtime:
    """`names` are all names that may stand in prose; `globals` are callable as they are."""

    modules: frozenset[str]
    globals: frozenset[str]
    names: frozenset[str]


def runtime_of(language: Literal["javascript", "python"]) -> Runtime:
    return _javascript() if language == "javascript" else _python()


@cache
def _javascript() -> Runtime:
    kinds: dict[str, set[str]] = {"module": set(), "global": set(), "member": set()}
    for line in _lines("javascript_runtime.txt"):
        kind, name = line.split()
        kinds[kind].add(name)
    global_names = frozenset(kinds["global"]) | frozenset(_lines("browser_runtime.txt"))
    parts = {part for module in kinds["module"] for part in module.split("/")}
    return Runtime(
        modules=frozenset(kinds["module"]),
        globals=global_names,
        names=global_names
        | kinds["member"]
        | parts
        | test_globals()
        | frozenset(_lines("javascript_keywords.txt"))
        | frozenset(_lines("javascript_options.txt")),
    )


@cache
def _python() -> Runtime:
    names = {*dir(builtins), *sys.stdlib_module_names, *keyword.kwlist, *keyword.softkwlist, "self", "cls"}
    names.update(name for value in vars(builtins).values() if isclass(value) for name in dir(value))
    for module_name in _lines("python_modules.txt"):
        module = importlib.import_module(module_name)
        names.update(module_name.split("."))
        names.update(dir(module))
        names.update(name for value in vars(module).values() if isclass(value) for name in dir(value))
    names.update(name for added in _python_elsewhere().values() for name in added)
    module_names = {"__file__", "__name__", "__doc__", "__path__", "__package__", "__spec__", "__loader__"}
    return Runtime(
        modules=frozenset(sys.stdlib_module_names),
        globals=frozenset(dir(builtins)) | module_names | frozenset(_python_elsewhere()["builtins"]),
        names=frozenset(names | module_names),
    )


def runtime_members(owner: str, language: Literal["javascript", "python"]) -> frozenset[str] | None:
    """Return the members of a global object, module or class of the runtime; None where they are not known."""
    return _javascript_members().get(owner) if language == "javascript" else _python_members(owner)


def module_members(module: str, language: Literal["javascript", "python"]) -> frozenset[str] | None:
    """Return the members of a module of the runtime; None for any other, even if a class is called so."""
    plain = module.removeprefix("node:")
    top = plain.split(".")[0] if language == "python" else plain
    return runtime_members(plain, language) if top in runtime_of(language).modules else None


@cache
def _javascript_members() -> dict[str, frozenset[str]]:
    members: dict[str, frozenset[str]] = {}
    for line in _lines("javascript_members.txt"):
        owner, *names = line.split()
        members[owner] = members.get(owner, frozenset()) | frozenset(names)
    return members


@cache
def _python_members(owner: str) -> frozenset[str] | None:
    listed = list(_lines("python_modules.txt"))
    found = {id(value): value for module in listed if (value := _class_in(module, owner)) is not None}
    if isclass(builtin := getattr(builtins, owner, None)):
        found[id(builtin)] = builtin
    known = {name for value in found.values() for name in _of_class(value)}
    if owner in listed:
        module = importlib.import_module(owner)
        known.update(
            dir(module), vars(module), (inner.name for inner in iter_modules(getattr(module, "__path__", ())))
        )
        known.update(name.split(".")[owner.count(".") + 1] for name in listed if name.startswith(f"{owner}."))
    if not known:
        return None
    return frozenset(known) | frozenset(_python_elsewhere().get(owner, ()))


def _of_class(value: type) -> set[str]:
    """Return the members of a class: an Enum's dir() hides some, and no class shows those of its metaclass."""
    return {*dir(value), *dir(type(value)), *(name for base in value.__mro__ for name in vars(base))}


def _class_in(module: str, name: str) -> type | None:
    value = getattr(importlib.import_module(module), name, None)
    return value if isclass(value) else None


@cache
def _python_elsewhere() -> dict[str, list[str]]:
    """Return what other systems and later versions add to the Python that runs here, by owner."""
    return {owner: names for owner, *names in (line.split() for line in _lines("python_elsewhere.txt"))}


@cache
def test_globals() -> frozenset[str]:
    """Return what test runners put in scope of a test file."""
    return frozenset(_lines("test_globals.txt"))


@cache
def technical_words() -> frozenset[str]:
    """Return words of the field that look like code and are none: products, protocols, units, statuses."""
    phrases = {status.phrase.replace(" ", "").replace("-", "") for status in http.HTTPStatus}
    return frozenset(_lines("technical_words.txt")) | phrases


def _lines(file: str) -> Iterable[str]:
    lines = (_FOLDER / file).read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("# ") for word in [line.strip()] if word]
