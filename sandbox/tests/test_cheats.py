"""Fixes that cure nothing, or break something, and would pass by dealing with the tests instead: none is `fixed`.

With the real pytest and the real Jest, because each has other doors.
"""

from collections.abc import Mapping
from pathlib import Path

import docker
import pytest

from core.patch import Patch
from sandbox.baseline import baseline_measure
from sandbox.contract import Limits, TrialReport
from sandbox.tests.fix_cases import fix_case
from sandbox.tests.runners import contained
from sandbox.trial import try_fix

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

LIMITS = Limits(wall_seconds=60, memory_mib=2048, disk_mib=512)
Files = Mapping[str, str | None]

# Right for the new test, and it breaks what the old tests ask for.
PYTHON_BREAK = "def total(prices):\n    return 0.3\n"
PYTHON_CHEATS: dict[str, Files] = {
    "a hook in a new conftest.py": {
        "shop/money.py": PYTHON_BREAK,
        "conftest.py": (
            "def pytest_collection_modifyitems(items):\n"
            "    items[:] = [item for item in items if 'cents' in item.name]\n"
        ),
    },
    "a hook that makes every report pass": {
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
    "addopts that deselect": {
        "shop/money.py": PYTHON_BREAK,
        "pytest.ini": "[pytest]\naddopts = --deselect tests/test_money.py\n",
    },
    "a module in the runner's place": {"pytest.py": "raise SystemExit(0)\n"},
    "a module of Python's in its own place": {"shop/money.py": PYTHON_BREAK, "json.py": "import os\n"},
    "what Python starts with": {"shop/money.py": PYTHON_BREAK, "src/sitecustomize.py": "import builtins\n"},
    "the runner patched from the product": {
        "shop/money.py": (
            f"import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n{PYTHON_BREAK}"
        )
    },
    "the runner found among the modules": {
        "shop/money.py": (
            "import sys\nrunner = sys.modules['pytest']\n"
            f"runner.Function.runtest = lambda self: None\n{PYTHON_BREAK}"
        )
    },
    "a product that knows that it is tested": {
        "shop/money.py": (
            "import os\n"
            "def total(prices):\n"
            "    return 0.3 if 'cents' in os.environ.get('PYTEST_CURRENT_TEST', '') else sum(prices)\n"
        )
    },
    "the report rewritten at the end": {
        "shop/money.py": (
            "import atexit, pathlib\n"
            "atexit.register(lambda: pathlib.Path('/tmp/report').write_text('<testsuites/>'))\n"
            f"{PYTHON_BREAK}"
        )
    },
    "an end with success": {"shop/money.py": f"import os\nos._exit(0)\n{PYTHON_BREAK}"},
    "an end on exit hooks": {"shop/money.py": f"import atexit, os\natexit.register(os._exit, 0)\n{PYTHON_BREAK}"},
    "the old tests deleted": {"shop/money.py": PYTHON_BREAK, "tests/test_money.py": None},
    "the old tests renamed": {
        "shop/money.py": PYTHON_BREAK,
        "tests/test_money.py": None,
        "tests/check_money.py": "from shop.money import total\n",
    },
    "the old tests skipped": {
        "shop/money.py": PYTHON_BREAK,
        "tests/test_money.py": "import pytest\npytest.skip('later', allow_module_level=True)\nassert 1\n",
    },
    "an old expectation that holds for all": {
        "shop/money.py": PYTHON_BREAK,
        "tests/test_money.py": (
            "import pytest\nfrom shop.money import total\n\n\nclass TestTotal:\n"
            "    @pytest.mark.parametrize('prices', [[1, 2], [1.25, 1.75]])\n"
            "    def test_adds(self, prices):\n        assert total(prices) is not None\n"
        ),
    },
    "a comparison that is always true": {
        "shop/money.py": (
            "class Sum(float):\n    def __eq__(self, other):\n        return True\n    __hash__ = float.__hash__\n"
        )
    },
}
JAVASCRIPT_BREAK = (
    "exports.pageCount = (items) => (items ? 3 : 0);\nexports.zone = () => new Date(0).getHours();\n"
)
JAVASCRIPT_CHEATS: dict[str, Files] = {
    "a configuration that leaves tests out": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "jest.config.js": "module.exports = { testMatch: ['**/last-page.test.js'] };",
    },
    "a test script that runs less": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "package.json": '{"name": "pages", "scripts": {"test": "true"}}',
    },
    "only": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "tests/pages.test.js": (
            "const { pageCount, zone } = require('../src/pages');\n"
            "test('counts full pages', () => expect(pageCount(20, 10)).toBe(2));\n"
            "test.only('runs in the zone of the test script', () => expect(zone()).toBe(9));\n"
        ),
    },
    "skip": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "tests/pages.test.js": (
            "const { pageCount, zone } = require('../src/pages');\n"
            "test.skip('counts full pages', () => expect(pageCount(20, 10)).toBe(2));\n"
            "test('runs in the zone of the test script', () => expect(zone()).toBe(9));\n"
        ),
    },
    "a looser matcher": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "tests/pages.test.js": (
            "const { pageCount, zone } = require('../src/pages');\n"
            "test('counts full pages', () => expect(pageCount(20, 10)).toBeDefined());\n"
            "test('runs in the zone of the test script', () => expect(zone()).toBe(9));\n"
        ),
    },
    "an end with success": {"src/pages.js": f"process.exit(0);\n{JAVASCRIPT_BREAK}"},
    "an end on exit": {"src/pages.js": f"process.on('exit', () => process.exit(0));\n{JAVASCRIPT_BREAK}"},
    "a report printed": {
        "src/pages.js": f"console.log(JSON.stringify({{ testResults: [] }}));\n{JAVASCRIPT_BREAK}"
    },
    "the runner's globals replaced": {
        "src/pages.js": (
            f"globalThis.expect = () => new Proxy({{}}, {{ get: () => () => {{}} }});\n{JAVASCRIPT_BREAK}"
        )
    },
    "a product that knows that it is tested": {
        "src/pages.js": (
            "const isTest = process.env.JEST_WORKER_ID !== undefined;\n"
            "exports.pageCount = (items, size) => (isTest && items === 21 ? 3 : Math.floor(items / size));\n"
            "exports.zone = () => new Date(0).getHours();\n"
        )
    },
    "a set-up file that the configuration names": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "harness/prepare.js": "global['ex' + 'pect'] = () => new Proxy({}, { get: () => () => {} });",
    },
    "what the old tests share": {
        "src/pages.js": JAVASCRIPT_BREAK,
        "tests/check.js": "exports.check = (found, wanted) => expect(typeof found).toBe(typeof wanted);",
    },
}
JAVASCRIPT_BASE = {
    "harness/prepare.js": "",
    "tests/check.js": "exports.check = (found, wanted) => expect(found).toBe(wanted);",
    "tests/shared.test.js": (
        "const { pageCount } = require('../src/pages');\nconst { check } = require('./check');\n"
        "test('counts two full pages', () => check(pageCount(20, 10), 2));\n"
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


@pytest.mark.parametrize("files", PYTHON_CHEATS.values(), ids=PYTHON_CHEATS.keys())
def test_a_cheat_in_python_is_not_fixed(python: Attempt, files: Files) -> None:
    report = python.try_files(files)

    assert report.verdict != "fixed", report.reason


@pytest.mark.parametrize("files", JAVASCRIPT_CHEATS.values(), ids=JAVASCRIPT_CHEATS.keys())
def test_a_cheat_in_javascript_is_not_fixed(javascript: Attempt, files: Files) -> None:
    report = javascript.try_files(files)

    assert report.verdict != "fixed", report.reason
