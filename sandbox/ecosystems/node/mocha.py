"""Mocha, with a reporter of ours: its own JSON is lost as a whole when one file cannot be loaded."""

from collections.abc import Mapping, Sequence

from sandbox.ecosystems.node.framework import NodeFramework, tool

REPORTER = "mocha_reporter.cjs"
# Options that take their value as the next word; any other word without a dash names tests.
WITH_VALUE = frozenset(
    {
        "--config",
        "--require",
        "-r",
        "--file",
        "--extension",
        "--ignore",
        "--exclude",
        "-g",
        "--grep",
        "-f",
        "--fgrep",
    }
    | {
        "--timeout",
        "-t",
        "--ui",
        "-u",
        "--slow",
        "-s",
        "--jobs",
        "-j",
        "--retries",
        "--package",
        "--node-option",
        "-n",
    }
    | {"--import", "--loader", "--spec"}
)


class Mocha(NodeFramework):
    name = "mocha"
    tools: Mapping[str, str] = {REPORTER: tool(REPORTER)}

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        kept = without_options(words, {"--reporter", "-R", "--reporter-option", "--reporter-options", "-O"})
        kept = tuple(word for word in kept if word not in {"--watch", "-w", "--bail", "-b"})
        # --exit: a suite that leaves a handle open would otherwise run into the time limit.
        return (*kept, "--exit", "--reporter", f"{{tools}}/{REPORTER}", "--reporter-option", "output={report}")

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (words[0], *without_positional(words[1:]), *files)


def without_options(words: Sequence[str], names: set[str]) -> tuple[str, ...]:
    """Return `words` without the options `names` and their values."""
    kept: list[str] = []
    is_value = False
    for word in words:
        if is_value:
            is_value = False
        elif word in names:
            is_value = True
        elif word.partition("=")[0] not in names:
            kept.append(word)
    return tuple(kept)


def without_positional(words: Sequence[str]) -> tuple[str, ...]:
    """Return the options among `words` with their values."""
    kept: list[str] = []
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        if word.startswith("-") or before in WITH_VALUE or before in {"--reporter", "--reporter-option"}:
            kept.append(word)
    return tuple(kept)
