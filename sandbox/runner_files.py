"""Which files of a repository belong to its test runner: those that its command or its configuration names."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sandbox.contract import Prepared

# Whatever these name is the runner's.
_CONFIGURATIONS, _SECTIONS = (".mocharc*", "ava.config*", ".taprc"), ("mocha", "ava", "tap")
# These name product code, too, as what is covered and built; of them only some settings are the runner's.
_MIXED_CONFIGURATIONS, _MIXED_SECTIONS = ("jest.config*", "vitest.*", "vite.config*"), ("jest", "vitest")
_SETTING = re.compile(
    r"\b(?:setup\w*|globalSetup|globalTeardown|(?:test)?[eE]nvironment|(?:test)?[rR]unner|reporters|resolver"
    r"|snapshotSerializers|testSequencer|transform)[\"']?\s*:\s*(\[[^\]]*\]|\{[^}]*\}|[^,}\n]*)"
)
_PYTHON_CONFIGURATIONS = ("pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml")
_PLUGIN_OPTION = re.compile(r"(?:^|[\s\"'=])-p[\s=]*([\w.]+)")
_PLUGINS = re.compile(r"\bpytest_plugins\s*(?::[^=]*)?=\s*(\[[^\]]*\]|\([^)]*\)|.*)")
# Programs that read what to run from a file that nobody names.
_READ_BY = {"make": ("Makefile", "makefile", "GNUmakefile"), "just": ("justfile", "Justfile")}
READ_CHARACTERS = 100_000


def names_runner_file(prepared: Prepared, path: str) -> bool:
    """Return whether the command or the configuration of the tests names the file `path`."""
    pure = PurePosixPath(path)
    command = " ".join((*prepared.command, *prepared.build))
    if any(path in files and re.search(rf"\b{program}\b", command) for program, files in _READ_BY.items()):
        return True
    stem, suffix = re.escape(str(pure.with_suffix(""))), re.escape(pure.suffix)
    named = re.compile(rf"(?<![\w.-]){stem}(?:{suffix})?(?![\w./-])")
    if named.search(command) or any(named.search(text) for text in _texts(prepared.checkout)):
        return True
    module = ".".join(pure.with_suffix("").parts).removeprefix("src.").removesuffix(".__init__")
    return pure.suffix == ".py" and module in set(_plugins(prepared.checkout))


def _texts(checkout: Path) -> Iterator[str]:
    package = json.loads((checkout / "package.json").read_bytes()) if (checkout / "package.json").is_file() else {}
    yield json.dumps([package.get(section) for section in _SECTIONS])
    for file in _found(checkout, _CONFIGURATIONS):
        yield _read(file)
    yield from _SETTING.findall(json.dumps([package.get(section) for section in _MIXED_SECTIONS]))
    for file in _found(checkout, _MIXED_CONFIGURATIONS):
        yield from _SETTING.findall(_read(file))


def _plugins(checkout: Path) -> Iterator[str]:
    for file in _found(checkout, _PYTHON_CONFIGURATIONS):
        yield from _PLUGIN_OPTION.findall(_read(file))
    for file in _found(checkout, ("conftest.py", "*/conftest.py")):
        for value in _PLUGINS.findall(_read(file)):
            yield from re.findall(r"[\w.]+", value)


def _found(checkout: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [file for pattern in patterns for file in sorted(checkout.glob(pattern)) if file.is_file()]


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")[:READ_CHARACTERS]
