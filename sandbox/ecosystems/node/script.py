"""Find the test runner in a repository's scripts, and what has to be built before it."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from sandbox.ecosystems.command_line import CommandLine, command_lines

# A script that calls a script that calls itself.
DEEPEST = 5
# They look at the sources and build nothing.
_CHECKERS = frozenset(
    {
        "eslint",
        "prettier",
        "standard",
        "xo",
        "tslint",
        "biome",
        "stylelint",
        "publint",
        "attw",
        "echo",
        "true",
        "exit",
    }
)
_CHECKING_SCRIPT = re.compile(r"(?i)lint|format|prettier|style|type-?check|check-?types|audit|coverage|size")
# Programs whose last words are another program.
_WRAPPERS = frozenset({"nyc", "c8", "dotenv", "env-cmd", "npm", "yarn", "pnpm"})
_MANAGERS = frozenset({"npm", "yarn", "pnpm"})
_SCRIPT_NAMES = {"t": "test", "tst": "test"}
# Words that mean something to the shell only as they stand.
_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./*?\[\]{}~^-]+|[<>]{1,2}|&?>&?[0-9]?")


@dataclass(frozen=True)
class Found:
    """The command that runs the tests, and the lines of shell that come before it."""

    line: CommandLine
    build: tuple[str, ...]


def runner_find(text: str, scripts: Mapping[str, str], is_runner: Callable[[CommandLine], bool]) -> Found | None:
    """Return the first command of `text` that is the runner, looking into the scripts that it calls."""
    return _find(text, scripts, is_runner, DEEPEST)


def _find(
    text: str, scripts: Mapping[str, str], is_runner: Callable[[CommandLine], bool], depth: int
) -> Found | None:
    build: list[str] = []
    for line in command_lines(text):
        name = called_script(line)
        runner = None if name in scripts else next((known for known in _unwrapped(line) if is_runner(known)), None)
        if runner is not None:
            return Found(runner, tuple(build))
        if name in scripts and depth > 0:
            before = build_lines(scripts.get(f"pre{name}", ""))
            inner = _find(scripts[name], scripts, is_runner, depth - 1)
            if inner is not None:
                environment = {**line.environment, **inner.line.environment}
                return Found(CommandLine(inner.line.words, environment), (*build, *before, *inner.build))
        build.extend(_built_by(line))
    return None


def _unwrapped(line: CommandLine) -> list[CommandLine]:
    """Return the command, and where a wrapper calls it every command that it could be calling."""
    starts = (
        range(len(line.words)) if line.words and line.words[0] in _WRAPPERS else range(min(1, len(line.words)))
    )
    return [CommandLine(line.words[start:], line.environment) for start in starts]


def build_lines(text: str) -> tuple[str, ...]:
    """Return the commands of a script that make something, as lines of shell."""
    return tuple(line for command in command_lines(text) for line in _built_by(command))


def called_script(line: CommandLine) -> str:
    """Return the script that the command runs (`npm run build`, `yarn build`), or an empty string."""
    words = [word for word in line.words if not word.startswith("-")]
    if len(words) < 2 or words[0] not in _MANAGERS:
        return ""
    name = words[2] if words[1] in {"run", "run-script"} and len(words) > 2 else words[1]
    return _SCRIPT_NAMES.get(name, name)


def is_named(line: CommandLine, name: str) -> bool:
    """Return whether the command is the program `name`: by itself, by path, or as the script of `node`."""
    program = program_of(line)
    if not program:
        return False
    pure = PurePosixPath(program[0])
    return pure.name.removesuffix(pure.suffix if pure.suffix in {".js", ".cjs", ".mjs"} else "") == name


def program_of(line: CommandLine) -> tuple[str, ...]:
    """Return the words from the program on, without `node` and its options before a script."""
    words = line.words
    if words[:1] != ("node",):
        return words
    for position, word in enumerate(words[1:], 1):
        if not word.startswith("-"):
            return words[position:]
    return ()


def _built_by(line: CommandLine) -> tuple[str, ...]:
    words, name = line.words, called_script(line)
    is_checking = (
        not words
        or words[0] in _CHECKERS
        or "--noEmit" in words
        or (bool(name) and _CHECKING_SCRIPT.search(name) is not None)
    )
    if is_checking:
        return ()
    assigned = [f"{name}={shlex.quote(value)}" for name, value in line.environment.items()]
    return (" ".join([*assigned, *(word if _BARE.fullmatch(word) else shlex.quote(word) for word in words)]),)
