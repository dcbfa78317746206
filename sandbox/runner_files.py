"""Which files of a repository belong to its test runner: those that its command or its configuration names."""

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
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
# A word before a colon switches a plugin off: `-p no:randomly`.
_PLUGIN_OPTION = re.compile(r"(?:^|[\s\"'=])-p[\s=]*([\w.]+)(?![\w.:/-])")
_PLUGINS = re.compile(r"\bpytest_plugins\s*(?::[^=]*)?=\s*(\[[^\]]*\]|\([^)]*\)|.*)")
_CONFIGURATION_OPTION = re.compile(r"(?:^|\s)(?:-c|--config)[\s=]+(\S+)")
# Programs that read what to run from a file that nobody names.
_READ_BY = {"make": ("Makefile", "makefile", "GNUmakefile"), "just": ("justfile", "Justfile")}
# Ours, in the words of a command.
_PLACEHOLDER = re.compile(r"\{(?:report|tools)\}")
_WORD = re.compile(r"[\w@.~+*/-]+")
# Node finds files without these, and the index of a folder.
SCRIPT_SUFFIXES = frozenset({".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx"})
READ_CHARACTERS = 100_000


def names_runner_file(prepared: Prepared, path: str) -> bool:
    """Return whether the command or the configuration of the tests names the file `path`.

    Left out is what names product code as often: files that a set-up file or conftest.py imports, and Jest's
    moduleNameMapper.
    """
    pure = PurePosixPath(path)
    command = _PLACEHOLDER.sub("", " ".join((*prepared.command, *prepared.build)))
    if any(path in files and re.search(rf"\b{program}\b", command) for program, files in _READ_BY.items()):
        return True
    chosen = [
        file for word in _CONFIGURATION_OPTION.findall(command) if (file := _inside(prepared.checkout, word))
    ]
    if _names(command, pure) or any(
        _names(text, pure, folder=folder) for folder, text in _texts(prepared.checkout, chosen)
    ):
        return True
    module = ".".join(pure.with_suffix("").parts).removeprefix("src.").removesuffix(".__init__")
    return pure.suffix == ".py" and module in set(_plugins(prepared.checkout, chosen, command))


def _names(text: str, pure: PurePosixPath, *, folder: str | None = None) -> bool:
    """Return whether a word of `text` is the path `pure`: of a command, or of a configuration in `folder`."""
    short = {str(pure.with_suffix(""))} if pure.suffix in SCRIPT_SUFFIXES else set()
    if folder is not None and short and pure.stem == "index":
        short.add(str(pure.parent))
    for word in _WORD.findall(text.replace("<rootDir>", ".")):
        named = posixpath.normpath(posixpath.join(folder or "", word))
        # A word alone is a program, a script of npm or a package.
        if named == str(pure) or ("/" in word and named in short):
            return True
    return False


def _texts(checkout: Path, chosen: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Return what names files of the runner, each with the folder that its paths begin at."""
    package = _package(checkout)
    yield "", json.dumps([package.get(section) for section in _SECTIONS])
    for file in _found(checkout, _CONFIGURATIONS):
        yield "", _read(file)
    for setting in _SETTING.findall(json.dumps([package.get(section) for section in _MIXED_SECTIONS])):
        yield "", setting
    for file in (*_found(checkout, _MIXED_CONFIGURATIONS), *chosen):
        for setting in _SETTING.findall(_read(file)):
            yield str(file.parent.relative_to(checkout)), setting


def _plugins(checkout: Path, chosen: Sequence[Path], command: str) -> Iterator[str]:
    yield from _PLUGIN_OPTION.findall(command)
    for file in (*_found(checkout, _PYTHON_CONFIGURATIONS), *chosen):
        yield from _PLUGIN_OPTION.findall(_read(file))
    for file in _found(checkout, ("conftest.py", "*/conftest.py")):
        for value in _PLUGINS.findall(_read(file)):
            yield from re.findall(r"[\w.]+", value)


def _package(checkout: Path) -> dict[str, object]:
    """Return package.json, empty where it holds no object: npm reads none of such a file either."""
    try:
        package = json.loads((checkout / "package.json").read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return package if isinstance(package, dict) else {}


def _inside(checkout: Path, word: str) -> Path | None:
    pure = PurePosixPath(word)
    is_plain = not pure.is_absolute() and ".." not in pure.parts
    return checkout / pure if is_plain and (checkout / pure).is_file() else None


def _found(checkout: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [file for pattern in patterns for file in sorted(checkout.glob(pattern)) if file.is_file()]


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")[:READ_CHARACTERS]
