"""What the text of a patch gives away: a reach for the judge, and what an honest fix has as well."""

from pathlib import Path

import pytest

from core.patch import Patch
from sandbox.contract import Outcome, RunReport, TrialReport
from sandbox.tests.test_trial import BASELINE, PREPARED, ScriptedSandbox
from sandbox.trial import try_fix
from sandbox.weakening import keeps_expectations

REPOSITORY = {
    "tests/a.test.js": "test('a', () => { expect(1).toBe(1); });",
    "tests/test_a.py": "",
    "src/app.js": "if (process.env.NODE_ENV !== 'test') {\n  app.listen(1);\n}\n",
    "profile/__init__.py": "",
    "platform/core/errors.py": "",
    "src/queue/__init__.py": "",
    "harness/prepare.js": "",
    "src/index.js": "",
    "src/money/calendar.py": "",
    "shop/plugin.py": "",
    "tools/jest.js": "",
    "package.json": (
        '{"main": "src/index.js", "mocha": {"require": ["./hooks.js"]}, "jest": {"collectCoverageFrom": '
        '["!src/index.js"], "setupFilesAfterEnv": ["<rootDir>/harness/prepare.js"]}}'
    ),
    "hooks.js": "",
    "vite.config.ts": (
        "export default { build: { lib: { entry: 'src/index.js' } }, test: { setupFiles: './up.ts' } };"
    ),
    "up.ts": "",
    "pytest.ini": "[pytest]\naddopts = -q -p shop.plugin\nDJANGO_SETTINGS_MODULE = shop.settings\n",
    "shop/settings.py": "",
    "Makefile": "",
}
WEAKENING: dict[str, tuple[dict[str, str | None], str]] = {
    "an expectation less": ({"tests/a.test.js": "test('a', () => {});"}, "1 expectations became 0"),
    "an early end": ({"tests/n.test.js": "process.exit(0);"}, "'process.exit'"),
    "another report": ({"src/a.js": "fs.writeFileSync('/tmp/report', '{}')"}, "report"),
    "the option that names the report": (
        {"src/a.js": "argv.find((word) => word.startsWith('--outputFile'))"},
        "output",
    ),
    "a set-up file of Jest": ({"harness/prepare.js": "x"}, "harness/prepare.js is a part of what runs the tests"),
    "a set-up file of Vitest": ({"up.ts": "x"}, "is a part of what runs the tests"),
    "a set-up file of Mocha": ({"hooks.js": "x"}, "is a part of what runs the tests"),
    "a plugin of pytest": ({"shop/plugin.py": "x = 1"}, "is a part of what runs the tests"),
    "the program of the command": ({"tools/jest.js": "x"}, "is a part of what runs the tests"),
    "what make reads": ({"Makefile": "test:\n\ttrue"}, "is a part of what runs the tests"),
    "a module in the runner's place": ({"pytest.py": ""}, "stands in"),
    "a package in Python's place": ({"src/json/__init__.py": ""}, "stands in"),
    "what Python starts with": ({"app/sitecustomize.py": ""}, "stands in"),
    "a test framework in the product": ({"src/a.js": "const { expect } = require('@jest/globals');"}, "@jest/"),
    "a global of the runner": ({"src/a.js": "globalThis['expect'] = () => {};"}, "expect"),
    "a product that asks whether it is tested": (
        {"src/a.js": "if (process.env.NODE_ENV === 'test') {}"},
        "NODE_ENV",
    ),
    "a global of the runner, asked for": (
        {"src/a.js": "const isTest = typeof describe === 'function';"},
        "describe",
    ),
    "matchers of the runner": ({"src/a.js": "expect.extend({ toBe: () => ({ pass: true }) });"}, "expect.extend"),
    "the runner's expect": ({"src/a.js": "  expect = () => new Proxy({}, {});"}, "expect ="),
    "the environment of a test, turned round": ({"src/a.js": "'test' === process.env.NODE_ENV"}, "NODE_ENV"),
    "a runner among the modules": ({"shop/a.py": "T = 'pytest' in sys.modules"}, "'pytest' in sys.modules"),
    "a runner got from the modules": ({"shop/a.py": "sys.modules.get('pytest')"}, "modules.get('pytest'"),
    "a runner imported behind another": ({"shop/a.py": "import sys, pytest"}, "import sys, pytest"),
    "a module in Python's place beside the tests": ({"tests/statistics.py": ""}, "stands in"),
    "a hook of the runner": ({"conftest.py": "def pytest_runtest_makereport(item, call): pass"}, "makereport"),
}


def weakening_case(tmp_path: Path, files: dict[str, str | None], *reports: RunReport) -> TrialReport:
    for path, content in REPOSITORY.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    command = ("sh", "-c", "make test && node tools/jest.js")
    prepared = PREPARED.model_copy(update={"checkout": tmp_path, "command": command})
    tests: dict[str, Outcome] = {"tests/a.test.js::a": "passed", "tests/test_a.py::a": "passed"}
    baseline = BASELINE.model_copy(update={"tests": tests})
    return try_fix(ScriptedSandbox(*reports), prepared, Patch(files), baseline=baseline)


@pytest.mark.parametrize(("files", "said"), WEAKENING.values(), ids=WEAKENING.keys())
def test_a_patch_that_reaches_for_its_judge_is_refused_unrun(
    tmp_path: Path, files: dict[str, str | None], said: str
) -> None:
    report = weakening_case(tmp_path, files)

    assert report.verdict == "weakened_tests"
    assert said in report.reason


HONEST: dict[str, dict[str, str | None]] = {
    "a test with its framework": {"tests/n.test.js": "const { expect } = require('@jest/globals');"},
    "the entry of the product": {"src/index.js": "exports.total = 1;"},
    "a new module in a package of its own": {"src/money/json.py": ""},
    "the settings of the product": {"shop/settings.py": "DEBUG = False"},
    "words that are names of frameworks, too": {"src/a.js": "const drinks = ['mocha', 'chai']; // import them"},
    "an environment that is none of tests": {"src/a.js": "if (process.env.NODE_ENV === 'production') {}"},
    "a line that moves into a block": {
        "src/app.js": "start(() => {\n  if (process.env.NODE_ENV !== 'test') {\n    app.listen(1);\n  }\n});\n"
    },
    "words about tests": {"docs/testing.md": "import pytest\n\nThen run it with --junitxml."},
    "an environment of containers": {"compose.yml": "environment:\n  NODE_ENV: test\n"},
    "what tests share outside their folder": {
        "src/test-utils.ts": "import { vi } from 'vitest';",
        "spec/support/api.js": "const { expect } = require('chai');",
    },
    "a property of the page": {"src/a.js": "window.test = 1;"},
    "a variable of another name space": {"shop/a.py": "expect = 1", "src/a.js": "const expect = headers.expect;"},
    "a fake among the tests, in a folder that nothing is collected from": {"tests/fakes/calendar.py": ""},
    "a folder in a package that is called like Python's": {"profile/handlers/__init__.py": ""},
    "a folder in a namespace that is called like Python's": {"platform/billing/core.py": ""},
    "a module in a package below src that is called like Python's": {"src/queue/jobs/mail.py": ""},
}


@pytest.mark.parametrize("files", HONEST.values(), ids=HONEST.keys())
def test_an_honest_patch_is_not_taken_for_a_trick(tmp_path: Path, files: dict[str, str | None]) -> None:
    assert weakening_case(tmp_path, files, *[BASELINE] * 4).verdict == "no_signal"


TEST_TEXT = """
it('should pay', async () => {
  const db = fake();
  expect(
    await pay(db, 3)
  ).toBe(3);
  assert db.paid
});
"""


@pytest.mark.parametrize(
    ("old", "new", "is_kept"),
    [
        ("fake()", "fake({ release() {} })", True),
        ("await ", "", True),
        ("pay(db, 3)", "pay(db, 4)", False),
        (".toBe(3)", ".toBeDefined()", False),
        ("  assert db.paid\n", "", False),
        ("  expect(", "    expect(", True),
    ],
)
def test_a_rewritten_test_keeps_its_expectations_if_none_is_gone_or_other(
    old: str, new: str, is_kept: bool
) -> None:
    assert keeps_expectations(TEST_TEXT, TEST_TEXT.replace(old, new)) is is_kept
