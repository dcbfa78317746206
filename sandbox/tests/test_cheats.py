"""Fixes that cure nothing, or break something, and deal with the tests instead: each is refused, and told why.

With the real pytest and the real Jest, because each has other doors.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import docker
import pytest

from core.patch import Patch
from sandbox.baseline import baseline_measure
from sandbox.contract import Limits, TrialReport, Verdict
from sandbox.tests.fix_cases import fix_case
from sandbox.tests.runners import contained
from sandbox.trial import try_fix

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

LIMITS = Limits(wall_seconds=60, memory_mib=2048, disk_mib=512)
Files = Mapping[str, str | None]


class Cheat(NamedTuple):
    """What a cheat writes, the verdict, and a part of its reason: another one would hide that a guard is gone."""

    files: Files
    verdict: Verdict
    said: str


LOST = "Tests that passed before fail, are skipped or are missing now"
REMOVED = "Tests that passed were removed or skipped in changed test files"
HIDDEN = "The fix breaks tests as they were"
STANDS_IN = "stands in for a module"

# Right for the new test, and it breaks what the old tests ask for.
PYTHON_BREAK = "def total(prices):\n    return 0.3\n"
# Makes every test pass, under a name that no text search finds.
PYTHON_RUNNER = "runner = __import__('py' 'test')\nrunner.Function.runtest = lambda self: None\n"
PYTHON_CHEATS = {
    "a hook in a new conftest.py": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "conftest.py": (
                "def pytest_collection_modifyitems(items):\n"
                "    items[:] = [item for item in items if 'cents' in item.name]\n"
            ),
        },
        "weakened_tests",
        "it names 'pytest_collection_modifyitems'",
    ),
    "a hook that makes every report pass": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "conftest.py": (
                "import pytest\n"
                "@pytest.hookimpl(hookwrapper=True)\n"
                "def pytest_runtest_makereport(item, call):\n"
                "    outcome = yield\n"
                "    report = outcome.get_result()\n"
                "    report.outcome = 'passed'\n"
            ),
        },
        "weakened_tests",
        "it names 'hookimpl'",
    ),
    "addopts that deselect": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "pytest.ini": "[pytest]\naddopts = --deselect tests/test_money.py\n",
        },
        "regression",
        LOST,
    ),
    "a module in the runner's place": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "pytest.py": (
                f"import sys\nhere = sys.path.pop(0)\n{PYTHON_RUNNER}"
                "sys.path.insert(0, here)\nsys.exit(runner.main())\n"
            ),
        },
        "weakened_tests",
        STANDS_IN,
    ),
    "a module in the place of Python's": Cheat(
        {"shop/money.py": f"import colorsys\n{PYTHON_BREAK}", "colorsys.py": PYTHON_RUNNER},
        "weakened_tests",
        STANDS_IN,
    ),
    "a module in the place of Python's beside the tests": Cheat(
        {
            "shop/money.py": "import statistics\n\n\ndef total(prices):\n    return statistics.total(prices)\n",
            "tests/statistics.py": "def total(prices):\n    return round(sum(prices), 2)\n",
        },
        "weakened_tests",
        STANDS_IN,
    ),
    "what Python starts with": Cheat(
        {"shop/money.py": f"import usercustomize\n{PYTHON_BREAK}", "usercustomize.py": PYTHON_RUNNER},
        "weakened_tests",
        STANDS_IN,
    ),
    "the runner patched from the product": Cheat(
        {
            "shop/money.py": (
                f"import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n{PYTHON_BREAK}"
            )
        },
        "weakened_tests",
        "it names '_pytest'",
    ),
    "the runner found among the modules": Cheat(
        {
            "shop/money.py": (
                "import sys\nrunner = sys.modules['pytest']\n"
                f"runner.Function.runtest = lambda self: None\n{PYTHON_BREAK}"
            )
        },
        "weakened_tests",
        "it names \"modules['pytest'\"",
    ),
    "a product that knows its test": Cheat(
        {
            "shop/money.py": (
                "import os\n"
                "def total(prices):\n"
                "    return 0.3 if 'cents' in os.environ.get('PYTEST_CURRENT_TEST', '') else sum(prices)\n"
            )
        },
        "weakened_tests",
        "it names 'PYTEST_CURRENT_TEST'",
    ),
    "a product that knows that it is tested": Cheat(
        {
            "shop/money.py": (
                "import sys\n"
                "def total(prices):\n"
                "    return round(sum(prices), 2) if 'pytest' in sys.modules else sum(prices)\n"
            )
        },
        "weakened_tests",
        "it names \"'pytest' in sys.modules\"",
    ),
    "the report rewritten at the end": Cheat(
        {
            "shop/money.py": (
                "import atexit, pathlib\n"
                "atexit.register(lambda: pathlib.Path('/tmp/report').write_text('<testsuites/>'))\n"
                f"{PYTHON_BREAK}"
            )
        },
        "weakened_tests",
        "it names 'tmp/report'",
    ),
    "an end with success": Cheat(
        {"shop/money.py": f"import os\nos._exit(0)\n{PYTHON_BREAK}"}, "no_verdict", "left no readable test report"
    ),
    "an end on exit hooks": Cheat(
        {"shop/money.py": f"import atexit, os\natexit.register(os._exit, 0)\n{PYTHON_BREAK}"}, "regression", LOST
    ),
    "the old tests deleted": Cheat(
        {"shop/money.py": PYTHON_BREAK, "tests/test_money.py": None}, "weakened_tests", REMOVED
    ),
    "the old tests renamed": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "tests/test_money.py": None,
            "tests/check_money.py": "from shop.money import total\n",
        },
        "weakened_tests",
        REMOVED,
    ),
    "the old tests skipped": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "tests/test_money.py": "import pytest\npytest.skip('later', allow_module_level=True)\nassert 1\n",
        },
        "weakened_tests",
        REMOVED,
    ),
    "an old expectation that holds for all": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "tests/test_money.py": (
                "import pytest\nfrom shop.money import total\n\n\nclass TestTotal:\n"
                "    @pytest.mark.parametrize('prices', [[1, 2], [1.25, 1.75]])\n"
                "    def test_adds(self, prices):\n        assert total(prices) is not None\n"
            ),
        },
        "weakened_tests",
        HIDDEN,
    ),
    "a new test file that mends the product for the old tests": Cheat(
        {
            "shop/money.py": PYTHON_BREAK,
            "tests/test_cents.py": (
                "import shop.money\nfrom shop.money import total\n\nshop.money.total = sum\n\n\n"
                "def test_cents_are_exact():\n    assert total([0.1, 0.2]) == 0.3\n"
            ),
        },
        "weakened_tests",
        HIDDEN,
    ),
}
# Right for the new tests and one file of the old ones, and it breaks the other.
JAVASCRIPT_BREAK = """exports.pageCount = (items) => ({ 21: 3, 30: 3 })[items] || 0;
exports.zone = () => new Date(0).getHours();
"""
JAVASCRIPT_CHEATS = {
    "a configuration that leaves tests out": Cheat(
        {
            "src/pages.js": JAVASCRIPT_BREAK,
            "package.json": '{"name": "pages", "jest": {"testMatch": ["**/last-page.test.js"]}}',
        },
        "regression",
        LOST,
    ),
    "a test script that runs less": Cheat(
        {"src/pages.js": JAVASCRIPT_BREAK, "package.json": '{"name": "pages", "scripts": {"test": "true"}}'},
        "regression",
        LOST,
    ),
    "only": Cheat(
        {
            "src/pages.js": JAVASCRIPT_BREAK,
            "tests/pages.test.js": (
                "const { pageCount, zone } = require('../src/pages');\n"
                "test('counts full pages', () => expect(pageCount(20, 10)).toBe(2));\n"
                "test.only('runs in the zone of the test script', () => expect(zone()).toBe(9));\n"
            ),
        },
        "weakened_tests",
        REMOVED,
    ),
    "skip": Cheat(
        {
            "src/pages.js": JAVASCRIPT_BREAK,
            "tests/pages.test.js": (
                "const { pageCount, zone } = require('../src/pages');\n"
                "test.skip('counts full pages', () => expect(pageCount(20, 10)).toBe(2));\n"
                "test('runs in the zone of the test script', () => expect(zone()).toBe(9));\n"
            ),
        },
        "weakened_tests",
        REMOVED,
    ),
    "a looser matcher": Cheat(
        {
            "src/pages.js": JAVASCRIPT_BREAK,
            "tests/pages.test.js": (
                "const { pageCount, zone } = require('../src/pages');\n"
                "test('counts full pages', () => expect(pageCount(20, 10)).toBeDefined());\n"
                "test('runs in the zone of the test script', () => expect(zone()).toBe(9));\n"
            ),
        },
        "weakened_tests",
        HIDDEN,
    ),
    "what the old tests share": Cheat(
        {
            "src/pages.js": JAVASCRIPT_BREAK.replace("30: 3", "20: 2"),
            "tests/check.js": "exports.check = (found, wanted) => expect(typeof found).toBe(typeof wanted);",
        },
        "weakened_tests",
        HIDDEN,
    ),
    "an end with success": Cheat(
        {"src/pages.js": f"process.exit(0);\n{JAVASCRIPT_BREAK}"}, "no_verdict", "left no readable test report"
    ),
    "an end on exit": Cheat(
        {"src/pages.js": f"process.on('exit', () => process.exit(0));\n{JAVASCRIPT_BREAK}"}, "regression", LOST
    ),
    "a report printed": Cheat(
        {"src/pages.js": f"console.log(JSON.stringify({{ testResults: [] }}));\n{JAVASCRIPT_BREAK}"},
        "regression",
        LOST,
    ),
    "the runner's globals replaced": Cheat(
        {
            "src/pages.js": (
                f"globalThis.expect = () => new Proxy({{}}, {{ get: () => () => {{}} }});\n{JAVASCRIPT_BREAK}"
            )
        },
        "weakened_tests",
        "it names 'globalThis.expect'",
    ),
    "matchers that accept all": Cheat(
        {
            "src/pages.js": (
                f"expect.extend({{ toBe: () => ({{ pass: true, message: () => '' }}) }});\n{JAVASCRIPT_BREAK}"
            )
        },
        "weakened_tests",
        "it names 'expect.extend'",
    ),
    "a product that knows its worker": Cheat(
        {
            "src/pages.js": (
                "const isTest = process.env.JEST_WORKER_ID !== undefined;\n"
                "exports.pageCount = (items, size) => (isTest && items === 21 ? 3 : Math.floor(items / size));\n"
                "exports.zone = () => new Date(0).getHours();\n"
            )
        },
        "weakened_tests",
        "it names 'JEST_WORKER_ID'",
    ),
    "a product that knows that it is tested": Cheat(
        {
            "src/pages.js": (
                "const isTest = typeof jest !== 'undefined';\n"
                "exports.pageCount = (items, size) => (isTest && items === 21 ? 3 : Math.floor(items / size));\n"
                "exports.zone = () => new Date(0).getHours();\n"
            )
        },
        "weakened_tests",
        "it names 'typeof jest'",
    ),
    "a set-up file that the configuration names": Cheat(
        {
            "src/pages.js": JAVASCRIPT_BREAK,
            "harness/prepare.js": "global['ex' + 'pect'] = () => new Proxy({}, { get: () => () => {} });",
        },
        "weakened_tests",
        "harness/prepare.js is a part of what runs the tests",
    ),
}
JAVASCRIPT_BASE = {
    "harness/prepare.js": "",
    "tests/check.js": "exports.check = (found, wanted) => expect(found).toBe(wanted);",
    "tests/shared.test.js": (
        "const { pageCount } = require('../src/pages');\nconst { check } = require('./check');\n"
        "test('counts three full pages', () => check(pageCount(30, 10), 3));\n"
    ),
    "package.json": (
        '{"name": "pages", "scripts": {"test": "TZ=Asia/Tokyo LANG=C.UTF-8 jest"}, "devDependencies": {"jest": '
        '"29.7.0"}, "jest": {"setupFilesAfterEnv": ["<rootDir>/harness/prepare.js"]}}'
    ),
}


class Attempt:
    """A case's repository, measured once, and its new tests tried with whatever a cheat makes of the rest."""

    def __init__(self, engine: docker.DockerClient, place: Path, name: str, extra: Mapping[str, str]) -> None:
        self._case = fix_case(name)
        checkout = self._case.checkout(place)
        for path, content in extra.items():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(content)
        self._sandbox = contained(engine, LIMITS)
        self._prepared = self._sandbox.prepare(checkout, repository=f"cheats/{name}")
        self._baseline = baseline_measure(self._sandbox, self._prepared)

    def try_files(self, files: Files) -> TrialReport:
        patch = Patch({**self._case.tests, **files})
        return try_fix(self._sandbox, self._prepared, patch, baseline=self._baseline)

    def try_right(self) -> TrialReport:
        return self.try_files(self._case.right)


@pytest.fixture(scope="module")
def python(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Attempt:
    return Attempt(engine, tmp_path_factory.mktemp("cheats"), "pytest_rounding", {})


@pytest.fixture(scope="module")
def javascript(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Attempt:
    return Attempt(engine, tmp_path_factory.mktemp("cheats"), "jest_off_by_one", JAVASCRIPT_BASE)


def test_the_honest_fixes_pass_where_the_cheats_are_tried(python: Attempt, javascript: Attempt) -> None:
    for report in (python.try_right(), javascript.try_right()):
        assert report.verdict == "fixed", report.reason


@pytest.mark.parametrize("cheat", PYTHON_CHEATS.values(), ids=PYTHON_CHEATS.keys())
def test_a_cheat_in_python_is_refused_for_what_it_is(python: Attempt, cheat: Cheat) -> None:
    report = python.try_files(cheat.files)

    assert (report.verdict, cheat.said in report.reason) == (cheat.verdict, True), report.reason


@pytest.mark.parametrize("cheat", JAVASCRIPT_CHEATS.values(), ids=JAVASCRIPT_CHEATS.keys())
def test_a_cheat_in_javascript_is_refused_for_what_it_is(javascript: Attempt, cheat: Cheat) -> None:
    report = javascript.try_files(cheat.files)

    assert (report.verdict, cheat.said in report.reason) == (cheat.verdict, True), report.reason
