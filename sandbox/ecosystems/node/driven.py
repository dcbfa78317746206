"""node:test, AVA and tape, each behind a small program of ours that writes the report; and any other command."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.ecosystems.command_line import CommandLine, shell_words
from sandbox.ecosystems.contract import ParsedReport, TestCommand
from sandbox.ecosystems.node.framework import BIN, NodeFramework, tool
from sandbox.ecosystems.node.mocha import without_options, without_positional
from sandbox.ecosystems.node.package import FILE, Package, package_read
from sandbox.ecosystems.node.script import build_lines, is_named, program_of


class NodeTest(NodeFramework):
    name = "node:test"
    tools: Mapping[str, str] = {
        file: tool(file) for file in ("node_test_driver.mjs", "node_test_reporter.mjs", "test_files.mjs")
    }

    def is_runner(self, line: CommandLine) -> bool:
        return line.words[:1] == ("node",) and "--test" in line.words

    def is_installed(self, package: Package) -> bool:
        return False

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        kept = without_options(words[1:], {"--test-reporter", "--test-reporter-destination"})
        kept = tuple(word for word in kept if word not in {"--watch", "--experimental-test-coverage"})
        return ("node", "{tools}/node_test_driver.mjs", "{report}", *kept)

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words[:3], *without_positional(words[3:]), *files)


class Ava(NodeFramework):
    name = "ava"
    tools: Mapping[str, str] = {"ava_driver.mjs": tool("ava_driver.mjs")}

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(word for word in words[1:] if word not in {"--watch", "-w", "--tap", "-t", "--fail-fast"})
        # The file and not the link in .bin: it is started as a script.
        return ("node", "{tools}/ava_driver.mjs", "{report}", "node_modules/ava/entrypoints/cli.mjs", *kept)

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words[:4], *without_positional(words[4:]), *files)


class Tape(NodeFramework):
    name = "tape"
    tools: Mapping[str, str] = {file: tool(file) for file in ("tape_driver.mjs", "test_files.mjs")}

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        return (
            (checkout / FILE).is_file()
            and self.is_installed(package_read(checkout))
            and super().is_found_in(checkout, test_command)
        )

    def is_runner(self, line: CommandLine) -> bool:
        # `node test/index.js` is how many small packages run tape.
        program = program_of(line)
        is_script = line.words[:1] == ("node",) and bool(program) and "test" in program[0]
        return is_named(line, self.name) or is_script

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return ("node", "{tools}/tape_driver.mjs", "{report}", *words[1:])

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return (*words[:3], *without_positional(words[3:]), *files)


class NodeCommand(NodeFramework):
    """Any other command: its exit code is all that is known."""

    name = "node"
    is_by_exit_code = True

    def is_found_in(self, checkout: Path, test_command: str) -> bool:
        if not (checkout / FILE).is_file():
            return False
        script = package_read(checkout).test_script
        # What npm init writes into every new package tests nothing.
        return bool(test_command) or (bool(script) and "no test specified" not in script)

    def test_command(self, checkout: Path, given: str) -> TestCommand:
        package = package_read(checkout)
        build = () if given else build_lines(package.scripts.get("pretest", ""))
        return TestCommand(self.completed(shell_words(given or package.test_script, BIN)), {}, build)

    def completed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return words

    def narrowed(self, words: tuple[str, ...], files: Sequence[str]) -> tuple[str, ...]:
        return words

    def parse_report(self, report: bytes, *, root: str) -> ParsedReport | None:
        return None
