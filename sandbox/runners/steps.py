"""The steps of one run, the same in every runner: build what the tests need, run them, read what they left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from sandbox.contract import BUILD, NO_VERDICT_EXIT_CODES, WHOLE_COMMAND, Outcome, Prepared, RunReport
from sandbox.ecosystems.contract import Ecosystem, ParsedReport
from sandbox.output import shortened

# What shells answer for a command that cannot be run or is not there.
NOT_RUN_EXIT_CODES = frozenset({126, 127})
FAILURE_CHARACTERS = 4000


@dataclass(frozen=True)
class Ended:
    """How a command ended; `exit_code` is 128 + signal when a signal ended it."""

    exit_code: int
    output: str
    seconds: float
    ended: Literal["exited", "timed_out", "killed"]


class Place(Protocol):
    """Where the sources of one run lie, ready for commands."""

    # The directory that the commands run in, the path of the report, and the directory of the ecosystem's tools.
    root: str
    report: str
    tools: str

    def execute(self, words: Sequence[str], *, environment: Mapping[str, str], wall_seconds: float) -> Ended:
        """Run `words` to their end or the limit; nothing of them is left then."""
        ...

    def read_report(self) -> bytes | None:
        """Return the report's bytes, or None where there is no plain file of a bearable size."""
        ...


def how_it_ended(exit_code: int) -> Literal["exited", "killed"]:
    """Return `killed` for the exit codes that shells give to a command ended by a signal."""
    return "killed" if exit_code > 128 else "exited"


def steps_run(
    place: Place,
    prepared: Prepared,
    ecosystem: Ecosystem,
    *,
    only: Sequence[str],
    wall_seconds: float,
    runner: str,
) -> RunReport:
    """Run the build and then the tests; `wall_seconds` is for all of it."""
    built: dict[str, Outcome] = {}
    failures: dict[str, str] = {}
    output, spent = "", 0.0
    for line in prepared.build:
        step = place.execute(
            ("sh", "-c", f'PATH="$PWD/{ecosystem.dependency_directory}/.bin:$PATH"; {line}'),
            environment=prepared.environment,
            wall_seconds=wall_seconds - spent,
        )
        spent += step.seconds
        output += step.output
        if step.ended != "exited" or spent >= wall_seconds:
            return RunReport(
                exit_code=step.exit_code, tests=None, output=output, seconds=spent, ended=step.ended, runner=runner
            )
        name = f"{BUILD}::{line}"
        built[name] = "failed" if step.exit_code else "passed"
        if step.exit_code:
            failures[name] = shortened(step.output, FAILURE_CHARACTERS)
    words = ecosystem.narrowed(prepared.command, only) if only else prepared.command
    ended = place.execute(
        _filled(words, place), environment=prepared.environment, wall_seconds=wall_seconds - spent
    )
    parsed = _parsed(place, ecosystem, ended)
    return RunReport(
        exit_code=ended.exit_code,
        tests={**built, **parsed.tests} if parsed else None,
        output=output + ended.output,
        failures={**failures, **parsed.failures} if parsed else {},
        seconds=spent + ended.seconds,
        ended=ended.ended,
        runner=runner,
        by_exit_code=ecosystem.is_by_exit_code,
    )


def _parsed(place: Place, ecosystem: Ecosystem, ended: Ended) -> ParsedReport | None:
    if not ecosystem.is_by_exit_code:
        report = place.read_report()
        return None if report is None else ecosystem.parse_report(report, root=place.root)
    if ended.ended != "exited" or ended.exit_code in NO_VERDICT_EXIT_CODES | NOT_RUN_EXIT_CODES:
        return None
    if ended.exit_code == 0:
        return ParsedReport({WHOLE_COMMAND: "passed"}, {})
    return ParsedReport({WHOLE_COMMAND: "failed"}, {WHOLE_COMMAND: shortened(ended.output, FAILURE_CHARACTERS)})


def _filled(words: Sequence[str], place: Place) -> list[str]:
    return [word.replace("{report}", place.report).replace("{tools}", place.tools) for word in words]
