"""Try one patch: its tests alone must fail, with the fix they must pass, and nothing may be lost."""

from core.patch import Patch
from core.test_paths import is_test_path
from sandbox.contract import Prepared, RunReport, Sandbox, TrialReport
from sandbox.output import shortened
from sandbox.verdict import Judgement, judge

# What the next round's prompt carries of failing tests, in characters.
FAILING_OUTPUT_CHARACTERS = 8000
MESSAGE_CHARACTERS = 1500


def try_fix(sandbox: Sandbox, prepared: Prepared, patch: Patch, *, baseline: RunReport) -> TrialReport:
    """Run the patch's tests alone, then the whole patch, and judge both against `baseline`.

    A baseline measured by another runner is measured again: what is red differs from place to place.
    Raises SandboxUnavailable, and SandboxRefused for a patch that cannot be applied.
    """
    if baseline.runner != sandbox.name:
        baseline = sandbox.run(prepared, Patch())
    patched_tests = frozenset(path for path in patch.files if is_test_path(path))
    tests_only = sandbox.run(prepared, patch.restricted_to(patched_tests)) if patched_tests else baseline
    with_fix = sandbox.run(prepared, patch) if patch else baseline
    judgement = judge(baseline, tests_only, with_fix, patched_tests=patched_tests)
    return TrialReport(
        verdict=judgement.verdict,
        reason=judgement.reason,
        patch_sha256=patch.sha256,
        fail_to_pass=judgement.fail_to_pass,
        pass_to_pass=judgement.pass_to_pass,
        broken=judgement.broken,
        still_failing=judgement.still_failing,
        red_before=judgement.red_before,
        failing_output=_failing_output(judgement, with_fix),
        runner=sandbox.name,
        is_isolated=sandbox.is_isolated,
        baseline_seconds=baseline.seconds,
        tests_only_seconds=tests_only.seconds if patched_tests else 0.0,
        fix_seconds=with_fix.seconds if patch else 0.0,
    )


def _failing_output(judgement: Judgement, with_fix: RunReport) -> str:
    """Return what the author of the next attempt must read: the failing tests' messages, or else the output."""
    if judgement.verdict == "fixed":
        return ""
    if judgement.verdict == "no_verdict":
        return shortened(with_fix.output, FAILING_OUTPUT_CHARACTERS)
    messages = [
        f"{test}\n{shortened(with_fix.failures[test], MESSAGE_CHARACTERS)}"
        for test in (*judgement.broken, *judgement.still_failing)
        if test in with_fix.failures
    ]
    return shortened("\n\n".join(messages), FAILING_OUTPUT_CHARACTERS)
