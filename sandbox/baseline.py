"""The unchanged commit, measured before anything is compared with it."""

from core.patch import Patch
from sandbox.contract import Baseline, Prepared, RunReport, Sandbox
from sandbox.verdict import unstable

# A run that died for its memory or time gets this much more of both, once.
MORE_ROOM = 2.0


def baseline_measure(sandbox: Sandbox, prepared: Prepared) -> Baseline:
    """Run the unchanged commit twice; what differs is flaky.

    Raises SandboxUnavailable, and SandboxRefused for a tree that reaches out of the repository.
    """
    first, _ = run_with_second_chance(sandbox, prepared, Patch())
    flaky = []
    if not first.no_verdict:
        second, _ = run_with_second_chance(sandbox, prepared, Patch())
        flaky = [] if second.no_verdict else unstable(first, second)
    return Baseline(**{**first.model_dump(), "flaky": flaky})


def run_with_second_chance(
    sandbox: Sandbox, prepared: Prepared, patch: Patch, *, only: tuple[str, ...] = ()
) -> tuple[RunReport, bool]:
    """Run, and once more with more room if that gave no verdict; return also whether it was needed.

    The second run is of the whole suite: a selection that runs no test says nothing about the fix.
    """
    report = sandbox.run(prepared, patch, only=only)
    if not report.no_verdict:
        return report, False
    return sandbox.run(prepared, patch, room=MORE_ROOM), True
