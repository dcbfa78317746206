"""What a sandbox promises, whichever runner keeps it."""

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
    """

    model_config = ConfigDict(frozen=True)

    wall_seconds: int = 300
    memory_mib: int = 3072
    cpus: float = 2.0
    processes: int = 256
    disk_mib: int = 2048
    output_kib: int = 256


class Prepared(BaseModel):
    """A commit with its dependencies, ready to run any number of patches.

    `dependencies` names what holds them (a directory or a container), keyed by lock file and runtime; only the
    runner named by `runner` knows it. `{report}` in `command` stands for the path of the report; `environment` is
    what the repository's own test script sets.
    """

    model_config = ConfigDict(frozen=True)

    checkout: Path
    ecosystem: str
    command: tuple[str, ...]
    environment: dict[str, str] = {}
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
    the command (exit code above 128). `runner` says where it ran.
    """

    model_config = ConfigDict(frozen=True)

    exit_code: int | None
    tests: dict[str, Outcome] | None
    output: str
    failures: dict[str, str] = {}
    seconds: float = 0.0
    ended: Literal["exited", "timed_out", "killed"] = "exited"
    runner: str = ""


class TrialReport(BaseModel):
    """What the sandbox found out about one patch; `patch_sha256` says about which bytes."""

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


class Sandbox(Protocol):
    """A place without network where a patched commit's tests run within Limits."""

    name: str
    is_isolated: bool

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        """Install the dependencies of `repository` at `checkout`, once for this lock file and runtime.

        An empty `test_command` means the ecosystem's own, an empty `image` its own image.
        Raises SandboxUnavailable, and SandboxRefused for what cannot or must not be run.
        """
        ...

    def run(self, prepared: Prepared, patch: Patch) -> RunReport:
        """Run the test command on the commit with `patch` applied.

        Raises SandboxUnavailable, and SandboxRefused for a patch or tree that reaches out of the repository.
        """
        ...
