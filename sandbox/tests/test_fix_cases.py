"""Real frameworks, real bugs in small: the right patch is `fixed`, a plausible wrong one is not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.baseline import baseline_measure
from sandbox.contract import Limits
from sandbox.tests.fix_cases import case_names, fix_case
from sandbox.tests.runners import Runner
from sandbox.trial import try_fix

pytestmark = [pytest.mark.docker, pytest.mark.timeout(400)]


@pytest.mark.parametrize("name", case_names())
def test_the_right_patch_is_fixed_and_a_wrong_one_is_not(docker_runner: Runner, tmp_path: Path, name: str) -> None:
    case = fix_case(name)
    wall_seconds = int(case.settings.get("wall_seconds", "120"))
    sandbox = docker_runner.sandbox(Limits(wall_seconds=wall_seconds, memory_mib=2048, disk_mib=1024))
    prepared = sandbox.prepare(
        case.checkout(tmp_path / "checkout"),
        repository=f"cases/{name}",
        test_command=case.settings.get("test_command", ""),
    )

    baseline = baseline_measure(sandbox, prepared)
    with ThreadPoolExecutor(2) as workers:
        right, wrong = workers.map(
            lambda patch: try_fix(sandbox, prepared, patch, baseline=baseline),
            (case.right_patch, case.wrong_patch),
        )

    assert prepared.ecosystem == case.settings["ecosystem"]
    assert baseline.no_verdict == "", baseline.output
    assert baseline.flaky == []
    assert right.verdict == "fixed", f"{right.reason}\n{right.failing_output}"
    assert wrong.verdict == case.settings["wrong"], f"{wrong.reason}\n{wrong.failing_output}"
    assert right.red_before == [test for test in [case.settings.get("red_before")] if test]
