"""Read a test command as people write it: `TZ=UTC cross-env CI=1 npx jest --runInBand && npm run lint`."""

import re
import shlex
from dataclasses import dataclass

from sandbox.contract import SandboxRefused

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_BETWEEN_COMMANDS = frozenset({"&&", "||", ";", "|", "&"})
# Words before a command that only set variables or find the executable.
_PREFIXES = frozenset({"cross-env", "env", "npx", "--no-install"})


@dataclass(frozen=True)
class CommandLine:
    """A command's words and the variables set in front of it."""

    words: tuple[str, ...]
    environment: dict[str, str]


def command_lines(text: str) -> list[CommandLine]:
    """Return the simple commands of a line of shell. Raises SandboxRefused if its quotes do not match."""
    reader = shlex.shlex(text, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    reader.commenters = ""
    try:
        tokens = list(reader)
    except ValueError as error:
        raise SandboxRefused(f"the test command {text!r} cannot be read: {error}. Correct it.") from error
    groups: list[list[str]] = [[]]
    for token in tokens:
        if token in _BETWEEN_COMMANDS:
            groups.append([])
        else:
            groups[-1].append(token)
    return [_command_line(group) for group in groups if group]


def _command_line(tokens: list[str]) -> CommandLine:
    environment = {}
    for position, token in enumerate(tokens):
        assignment = _ASSIGNMENT.fullmatch(token)
        if assignment:
            environment[assignment[1]] = assignment[2]
        elif token not in _PREFIXES:
            return CommandLine(tuple(tokens[position:]), environment)
    return CommandLine((), environment)


def shell_words(text: str, programs: str) -> tuple[str, ...]:
    """Return the words that run `text` as a shell does, finding programs in the directory `programs` first."""
    return ("sh", "-c", f'PATH="$PWD/{programs}:$PATH"; export PATH; {text}')
