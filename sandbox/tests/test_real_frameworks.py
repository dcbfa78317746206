"""The real Jest and the real pytest, installed from their registries and run by both runners."""

import shutil
from pathlib import Path

import pytest

from core.patch import Patch
from sandbox.baseline import baseline_measure
from sandbox.contract import WHOLE_FILE, Limits
from sandbox.tests.runners import Runner
from sandbox.trial import try_fix

ORDERS_SERVICE = Path(__file__).resolve().parents[2] / "evals" / "demo" / "orders-service"
LIMITS = Limits(wall_seconds=100, memory_mib=2048, disk_mib=512)

PYTHON_PROJECT = {
    "requirements.txt": "pytest==8.4.2\n",
    "shop/__init__.py": "",
    "shop/money.py": "def total(prices):\n    return sum(prices)\n",
    "tests/test_money.py": (
        "import pytest\nfrom shop.money import total\n\n"
        "class TestTotal:\n    @pytest.mark.parametrize('prices', [[1, 2]])\n"
        "    def test_adds(self, prices):\n        assert total(prices) == 3\n\n"
        "def test_object():\n    assert object() == object()\n\n"
        "@pytest.mark.skip\ndef test_later():\n    pass\n"
    ),
    "tests/test_broken.py": "import no_such_module\n",
}


@pytest.mark.timeout(300)
def test_a_jest_suite_runs_and_a_fix_is_judged(runner: Runner) -> None:
    checkout = runner.place / "orders-service"
    shutil.copytree(ORDERS_SERVICE, checkout, ignore=shutil.ignore_patterns("node_modules"))
    (checkout / "src" / "sandbox-probe.js").write_text("module.exports = (a, b) => a - b;\n")
    sandbox = runner.sandbox(LIMITS)
    prepared = sandbox.prepare(checkout, repository="demo/tiny")
    baseline = baseline_measure(sandbox, prepared)
    fix = Patch(
        {
            "src/sandbox-probe.js": "module.exports = (a, b) => a + b;\n",
            "tests/sandbox-probe.test.js": (
                "const add = require('../src/sandbox-probe');\n"
                "describe('probe', () => { test('adds', () => expect(add(2, 3)).toBe(5)); });\n"
            ),
        }
    )

    report = try_fix(sandbox, prepared, fix, baseline=baseline)

    assert baseline.tests
    assert len(baseline.tests) >= 25
    assert (report.verdict, report.fail_to_pass) == ("fixed", ["tests/sandbox-probe.test.js::probe adds"])
    assert report.pass_to_pass == sum(outcome == "passed" for outcome in baseline.tests.values())


@pytest.mark.timeout(300)
def test_a_pytest_suite_runs(runner: Runner) -> None:
    for path, content in PYTHON_PROJECT.items():
        target = runner.place / "python" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    sandbox = runner.sandbox(LIMITS)
    prepared = sandbox.prepare(runner.place / "python", repository="demo/tiny")

    report = sandbox.run(prepared, Patch())

    assert prepared.ecosystem == "pytest"
    assert report.tests == {
        "tests/test_money.py::TestTotal::test_adds[prices0]": "passed",
        "tests/test_money.py::test_object": "failed",
        "tests/test_money.py::test_later": "skipped",
        f"tests/test_broken.py::{WHOLE_FILE}": "failed",
    }, report.output
    assert "no_such_module" in report.failures[f"tests/test_broken.py::{WHOLE_FILE}"]
    assert "rootdir: /work\n" in report.output
