"""What a sandbox promises, whichever runner keeps it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from core.errors import NeedsHuman, Unavailable
from core.patch import Patch

Outcome = Literal["passed", "failed", "skipped"]
Verdict = Literal["fixed", "no_signal", "regression", "still_failing", "flaky", "weakened_tests", "no_verdict"]

# Where a run sees its sources; test ids and output carry this path whatever the real one was.
WORK = "/work"

# The name of the one test that a file has which could not be run (a syntax error, a missing import).
WHOLE_FILE = "(the whole file)"
# The one test of a command that leaves no report of single tests: its exit code is all there is.
WHOLE_COMMAND = "(the test command)::exits with 0"
# What stands for a file in the names of build steps: a fix that breaks the build is a regression like any other.
BUILD = "(build)"
# timeout(1), SIGABRT (V8 out of memory) and SIGKILL (the kernel out of memory): the machinery failed, not the fix.
NO_VERDICT_EXIT_CODES = frozenset({124, 134, 137})


class SandboxUnavailable(Unavailable):
    """No verdict is possible because the runner is missing or broken; a later try may work."""

    def __init__(self, message: str) -> None:
        super().__init__("sandbox", message)


class SandboxRefused(NeedsHuman):
    """This repository or patch cannot be run as it is; the text says what to change before another try."""

    exit_reason = "SandboxRefused"


class Limits(BaseModel):
    """What one run may use at most.

    `disk_mib` is all that a run may write; with a container engine it is memory-backed and counts as memory too.
    `file_mib` is the size of one file.
    """

    model_config = ConfigDict(frozen=True)

    wall_seconds: int = 300
    memory_mib: int = 3072
    cpus: float = 2.0
    processes: int = 256
    disk_mib: int = 2048
    file_mib: int = 1024
    output_kib: int = 256

    def with_room(self, factor: float) -> "Limits":
        """Return limits with `factor` times the time and memory, for a run that died of either."""
        if factor == 1:
            return self
        return self.model_copy(
            update={
                "wall_seconds": int(self.wall_seconds * factor),
                "memory_mib": int(self.memory_mib * factor),
            }
        )


class Prepared(BaseModel):
    """A commit with its dependencies, ready to run any number of patches.

    `dependencies` names what holds them (a directory or a container), keyed by lock file and runtime; only the
    runner named by `runner` knows it. `{report}` in `command` stands for the path of the report, `{tools}` for the
    directory of the ecosystem's own tools. `environment` is what the repository's own test script sets,
    `build` the lines of shell that its tests need first, in every run; `lock_file` is empty where none was kept.
    `services` are the servers that each run gets beside its tests.
    """

    model_config = ConfigDict(frozen=True)

    checkout: Path
    ecosystem: str
    command: tuple[str, ...]
    environment: dict[str, str] = {}
    build: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    lock_file: str = ""
    runner: str
    image: str = ""
    dependencies: str
    is_isolated: bool
    from_cache: bool
    seconds: float


class RunReport(BaseModel):
    """What happened when the test command ran: a non-zero exit is a result, not an error.

    `tests` maps "file::full name" to its outcome and is None when the command left no readable report; a test file
    that could not be run at all appears as "file::" + WHOLE_FILE, failed. `output` keeps head and tail within
    Limits.output_kib, `failures` the failing message of each failed test. `ended` is `killed` when a signal ended
    the command (exit code above 128). `runner` says where it ran. `by_exit_code` means that there was no report to
    read, and the one test is the command itself.
    """

    model_config = ConfigDict(frozen=True)

    exit_code: int | None
    tests: dict[str, Outcome] | None
    output: str
    failures: dict[str, str] = {}
    seconds: float = 0.0
    ended: Literal["exited", "timed_out", "killed"] = "exited"
    runner: str = ""
    by_exit_code: bool = False

    @property
    def no_verdict(self) -> str:
        """Why the run says nothing about its tests, or an empty string."""
        # Ended by us at the time limit is another case: some suites write a whole report and then never exit.
        if self.ended == "killed" or (self.ended == "exited" and self.exit_code in NO_VERDICT_EXIT_CODES):
            return f"it was killed (exit code {self.exit_code}), probably for its memory or time"
        if self.tests is None:
            ended = self.ended.replace("_", " ")
            return f"it {ended} (exit code {self.exit_code}) and left no readable test report"
        if not self.tests:
            return "its report holds no test"
        return ""


class Baseline(RunReport):
    """The unchanged commit, run twice; `flaky` names the tests that did not end alike and prove nothing."""

    flaky: list[str] = []


class TrialReport(BaseModel):
    """What the sandbox found out about one patch; `patch_sha256` says about which bytes.

    `changed_tests` existed and passed before; as the patch has them they fail without the fix, or as they were
    they fail with it: a person must see what changed. `flaky` are quarantined or seen to change, by name.
    `by_exit_code` means that no single test could be told apart. `retried` counts runs repeated with more room.
    """

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    reason: str
    patch_sha256: str
    fail_to_pass: list[str]
    pass_to_pass: int
    broken: list[str]
    still_failing: list[str]
    red_before: list[str]
    failing_output: str
    runner: str
    is_isolated: bool
    baseline_seconds: float
    tests_only_seconds: float
    fix_seconds: float
    changed_tests: list[str] = []
    flaky: list[str] = []
    by_exit_code: bool = False
    retried: int = 0
    runs: int = 0


class Sandbox(Protocol):
    """A place where a patched commit's tests run within Limits.

    `not_promised` names what this runner cannot keep from a run; empty for one that isolates.
    """

    name: str
    is_isolated: bool
    not_promised: tuple[str, ...]

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        """Install the dependencies of `repository` at `checkout`, once for this lock file and runtime.

        An empty `test_command` means the ecosystem's own, an empty `image` its own image.
        Raises SandboxUnavailable, and SandboxRefused for what cannot or must not be run.
        """
        ...

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        """Run the test command on the commit with `patch` applied.

        `only` names test files to run where the framework can be told so (more may run); `room` multiplies the
        limits of time and memory.
        Raises SandboxUnavailable, and SandboxRefused for a patch or tree that reaches out of the repository.
        """
        ...
