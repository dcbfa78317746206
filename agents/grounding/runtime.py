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
        | frozenset(_lines("javascript_keywords.txt")),
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
    module_names = {"__file__", "__name__", "__doc__", "__path__", "__package__", "__spec__", "__loader__"}
    return Runtime(
        modules=frozenset(sys.stdlib_module_names),
        globals=frozenset(dir(builtins)) | module_names,
        names=frozenset(names | module_names),
    )


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
