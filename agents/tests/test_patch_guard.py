from collections.abc import Mapping
from pathlib import Path

import pytest

from agents.fix.patch_guard import PatchFindings, check_patch
from agents.tests.repositories import ORDERS
from core.patch import Patch

CODE = {"src/total.js": ORDERS["src/total.js"].replace("0);", "0) ?? 0;")}
TEST_PATH = "tests/total.test.js"
TEST = ORDERS[TEST_PATH]
NEW_TEST = {
    "tests/regression.test.js": "test('an empty order costs nothing', () => {\n  expect(1).toBe(1);\n});\n"
}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for path, content in ORDERS.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


def findings(sources: Path, *changes: Mapping[str, str | None]) -> PatchFindings:
    files: dict[str, str | None] = {}
    for change in changes:
        files.update(change)
    return check_patch(Patch(files), checkout=sources)


def write(sources: Path, path: str, content: str) -> None:
    (sources / path).parent.mkdir(parents=True, exist_ok=True)
    (sources / path).write_text(content)


def test_a_small_fix_with_a_new_test_has_no_findings(sources: Path) -> None:
    assert findings(sources, CODE, NEW_TEST) == PatchFindings()


def test_a_new_case_in_an_existing_test_file_counts_as_a_test(sources: Path) -> None:
    grown = TEST.replace(
        "});\n});\n",
        "});\n  it('is zero without lines', () => {\n    expect(total({ lines: [] })).toBe(0);\n  });\n});\n",
    )

    assert findings(sources, CODE, {TEST_PATH: grown}) == PatchFindings()


def test_a_fix_without_a_test_is_refused(sources: Path) -> None:
    assert any("adds no test" in problem for problem in findings(sources, CODE).problems)


def test_a_test_file_without_cases_is_no_test(sources: Path) -> None:
    support = {"tests/support.test.js": "module.exports = {};\n"}

    assert any("adds no test" in problem for problem in findings(sources, CODE, support).problems)


def test_a_patch_of_tests_alone_is_refused(sources: Path) -> None:
    assert any("cures nothing" in problem for problem in findings(sources, NEW_TEST).problems)


@pytest.mark.parametrize("character", ["\0", "\ufffd"])
def test_a_character_that_was_lost_on_the_way_is_refused_and_not_written(sources: Path, character: str) -> None:
    lost = {"src/total.js": ORDERS["src/total.js"] + f"// {character}\n"}

    assert any("write them as escapes" in problem for problem in findings(sources, lost, NEW_TEST).problems)


def test_a_replacement_character_that_was_there_before_is_no_fault_of_the_fix(sources: Path) -> None:
    write(sources, "src/total.js", ORDERS["src/total.js"] + "// \ufffd\n")

    assert findings(sources, {"src/total.js": CODE["src/total.js"] + "// \ufffd\n"}, NEW_TEST).problems == []


def test_a_patch_that_changes_nothing_is_refused(sources: Path) -> None:
    assert findings(sources, {"src/total.js": ORDERS["src/total.js"]}).problems


def test_more_than_four_hundred_changed_lines_are_refused(sources: Path) -> None:
    fits = findings(sources, NEW_TEST, {"src/new.js": "x;\n" * 390})
    too_long = findings(sources, NEW_TEST, {"src/new.js": "x;\n" * 400})

    assert fits.problems == []
    assert any("at most 400" in problem for problem in too_long.problems)


def test_more_than_ten_files_are_refused(sources: Path) -> None:
    fits = findings(sources, NEW_TEST, {f"src/f{number}.js": "x;\n" for number in range(9)})
    too_many = findings(sources, NEW_TEST, {f"src/f{number}.js": "x;\n" for number in range(10)})

    assert fits.problems == []
    assert any("at most 10" in problem for problem in too_many.problems)


@pytest.mark.parametrize(
    "path",
    [
        "package-lock.json",
        "npm-shrinkwrap.json",
        "services/a/yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
        "package.json",
        "pyproject.toml",
        "requirements-dev.txt",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        "Jenkinsfile",
        ".husky/pre-commit",
        "CODEOWNERS",
        ".env",
        ".env.production",
        "certs/server.pem",
        "id_rsa",
        "node_modules/express/index.js",
        "vendor/lib.js",
        "dist/app.js",
        "build/app.js",
        "public/app.min.js",
        "jest.config.cjs",
        "vitest.config.ts",
        "pytest.ini",
        "tox.ini",
        "tests/conftest.py",
        "src/__mocks__/total.js",
        "vite.config.ts",
        "src/setupTests.ts",
        "pytest.toml",
        "src/sitecustomize.py",
        "Makefile",
        ".npmrc",
        ".agent-platform.yml",
    ],
)
def test_protected_files_are_refused(sources: Path, path: str) -> None:
    assert any(
        problem.startswith(f"{path}: a fix may not touch this file")
        for problem in findings(sources, CODE, NEW_TEST, {path: "x\n"}).problems
    )


@pytest.mark.parametrize(
    "path", ["src/environment.js", "src/lock.js", "docs/ci.md", ".env.example", "src/builder.js", "src/key.js"]
)
def test_files_with_like_names_are_not_protected(sources: Path, path: str) -> None:
    assert findings(sources, CODE, NEW_TEST, {path: "x\n"}).problems == []


def test_a_recorded_snapshot_may_be_added_but_not_changed(sources: Path) -> None:
    path = "tests/__snapshots__/total.test.js.snap"
    added = findings(sources, CODE, NEW_TEST, {path: "exports[`a`] = `1`;\n"})
    write(sources, path, "exports[`a`] = `2`;\n")
    changed = findings(sources, CODE, NEW_TEST, {path: "exports[`a`] = `1`;\n"})

    assert added.problems == []
    assert any("recorded expectation" in problem for problem in changed.problems)


def test_a_binary_file_cannot_be_changed(sources: Path) -> None:
    (sources / "src/logo.png").write_bytes(b"\x89\0")

    assert any(
        "binary" in problem for problem in findings(sources, CODE, NEW_TEST, {"src/logo.png": "x"}).problems
    )


WEAKENED = {
    "is deleted": None,
    "is removed or renamed": "const { total } = require('../src/total');\n",
    "is skipped": TEST.replace("test('adds", "test.skip('adds"),
    "is skipped; run": TEST.replace("describe('total'", "describe.skip('total'"),
    "test 'total > adds the lines' is skipped": TEST.replace("test('adds", "xit('adds"),
    "existing test 'total > adds the lines' is skipped": TEST.replace("test('adds", "test.todo('adds"),
    "`.only`": TEST.replace("test('adds", "test.only('adds"),
    "is emptied": TEST.replace("expect(total({ lines: [{ price: 2, quantity: 3 }] })).toBe(6);", "// gone"),
    "fewer expectations": TEST.replace("expect(total({", "void (total({").replace(")).toBe(6)", "))"),
    "fewer expectations (1 -> 0)": TEST.replace("    expect(", "    if (1) {}\n    return;\n    expect("),
    "syntax error": TEST.replace("describe(", "describe(("),
}


@pytest.mark.parametrize("problem", WEAKENED)
def test_existing_tests_cannot_be_weakened(sources: Path, problem: str) -> None:
    found = findings(sources, CODE, NEW_TEST, {TEST_PATH: WEAKENED[problem]}).problems

    assert any(problem in text for text in found), found


def test_a_commented_out_test_is_a_removed_one(sources: Path) -> None:
    commented = "/*\n" + TEST + "*/\n"

    assert any("is removed" in text for text in findings(sources, CODE, NEW_TEST, {TEST_PATH: commented}).problems)


def test_a_removed_row_of_a_table_is_a_lost_expectation(sources: Path) -> None:
    table = "test.each([\n  [1, 2],\n  [2, 4],\n])('doubles %d', (a, b) => {\n  expect(a * 2).toBe(b);\n});\n"
    write(sources, TEST_PATH, table)

    smaller = findings(sources, CODE, NEW_TEST, {TEST_PATH: table.replace("  [2, 4],\n", "")})
    larger = findings(sources, CODE, NEW_TEST, {TEST_PATH: table.replace("  [2, 4],\n", "  [2, 4],\n  [3, 6],\n")})

    assert any("fewer expectations (3 -> 2)" in text for text in smaller.problems)
    assert larger.problems == []


def test_a_changed_expectation_is_a_warning(sources: Path) -> None:
    found = findings(sources, CODE, NEW_TEST, {TEST_PATH: TEST.replace("toBe(6)", "toBe(7)")})

    assert found.problems == []
    assert any("changes an expectation of an existing test" in text for text in found.warnings)


def test_reformatting_a_test_is_no_change_of_it(sources: Path) -> None:
    found = findings(sources, CODE, NEW_TEST, {TEST_PATH: TEST.replace("  ", "    ")})

    assert found == PatchFindings()


def test_a_new_test_that_is_skipped_or_empty_is_refused(sources: Path) -> None:
    skipped = {"tests/new.test.js": "it.skip('later', () => { expect(1).toBe(1); });\n"}
    empty = {"tests/new.test.js": "it('later', () => {});\n"}

    assert any("is skipped" in text for text in findings(sources, CODE, skipped).problems)
    assert any("is empty" in text for text in findings(sources, CODE, empty).problems)


def test_existing_test_data_may_only_grow(sources: Path) -> None:
    write(sources, "tests/orders.csv", "1\n2\n")

    grown = findings(sources, CODE, NEW_TEST, {"tests/orders.csv": "1\n2\n3\n"})
    shrunk = findings(sources, CODE, NEW_TEST, {"tests/orders.csv": "1\n"})

    assert grown.problems == []
    assert any("cannot be compared" in text for text in shrunk.problems)


def test_new_mocks_in_an_existing_test_file_are_a_warning(sources: Path) -> None:
    mocked = "jest.mock('../src/total');\n" + TEST

    assert any("mocks" in text for text in findings(sources, CODE, NEW_TEST, {TEST_PATH: mocked}).warnings)


PYTHON_TEST = (
    "import pytest\n\n\n"
    "class TestTotal:\n"
    "    @pytest.mark.parametrize('price', [1, 2])\n"
    "    def test_adds(self, price):\n"
    "        assert total(price) == price\n"
    "        with pytest.raises(ValueError):\n"
    "            total(-1)\n"
)
PYTHON_WEAKENED = {
    "is removed or renamed": PYTHON_TEST.replace("def test_adds", "def check_adds"),
    "is skipped": PYTHON_TEST.replace("    def test", "    @pytest.mark.skip\n    def test"),
    "is skipped; run": PYTHON_TEST.replace("class TestTotal", "@pytest.mark.xfail\nclass TestTotal"),
    "adds' is skipped": PYTHON_TEST.replace("\n\n\n", "\n\npytestmark = pytest.mark.skip\n\n"),
    "test 'TestTotal > test_adds' is skipped": PYTHON_TEST.replace(
        "        assert", "        pytest.skip('x')\n        assert"
    ),
    "is emptied": PYTHON_TEST.split("        assert", maxsplit=1)[0] + "        pass\n",
    "fewer expectations (4 -> 3)": PYTHON_TEST.replace("        assert total(price) == price\n", ""),
    "fewer expectations (4 -> 2)": PYTHON_TEST.replace(
        "        assert", "        x = 1\n        return\n        assert"
    ),
    "fewer expectations": PYTHON_TEST.replace("[1, 2]", "[1]"),
}


@pytest.mark.parametrize("problem", PYTHON_WEAKENED)
def test_existing_python_tests_cannot_be_weakened(sources: Path, problem: str) -> None:
    write(sources, "tests/test_total.py", PYTHON_TEST)

    found = findings(sources, CODE, NEW_TEST, {"tests/test_total.py": PYTHON_WEAKENED[problem]}).problems

    assert any(problem in text for text in found), found


def test_a_new_python_test_counts(sources: Path) -> None:
    write(sources, "tests/test_total.py", PYTHON_TEST)
    grown = PYTHON_TEST + "\n\nasync def test_zero():\n    assert total(0) == 0\n"

    assert findings(sources, CODE, {"tests/test_total.py": grown}).problems == []


BAND_AIDS = [
    (
        "src/a.js",
        "try { a(); } catch (error) { log(error); }\n",
        "try { a(); } catch (error) { /* fine */ }\n",
        "empty catch",
    ),
    ("src/a.js", "a();\n", "a().catch(() => {});\n", "rejected promise"),
    ("src/a.js", "a();\n", "try { a(); } catch (error) { return null; }\n", "with a plain return"),
    ("src/a.py", "a()\n", "try:\n    a()\nexcept ValueError:\n    return None\n", "with a plain return"),
    ("src/a.js", "send({});\n", "send({ rejectUnauthorized: false });\n", "certificates"),
    ("src/a.py", "get(url)\n", "get(url, verify=False)\n", "certificates"),
    ("src/a.js", "a();\n", "process.on('uncaughtException', () => a());\n", "whole process"),
    ("src/a.py", "a()\n", "try:\n    a()\nexcept ValueError:\n    # fine\n    pass\n", "`pass`"),
    ("src/a.py", "a()\n", "with suppress(ValueError):\n    a()\n", "suppresses"),
    ("src/a.js", "const requestTimeoutMs = 1000;\n", "const requestTimeoutMs = 30_000;\n", "1000 -> 30000"),
    ("src/a.js", "send();\n", "send({ retries: 3 });\n", "adds a timeout or retry"),
    ("src/a.js", "a();\n", "// eslint-disable-next-line no-undef\na();\n", "disables a check"),
    ("src/a.ts", "a();\n", "// @ts-ignore\na();\n", "disables a check"),
    ("src/a.py", "a()\n", "a()  # noqa: F821\n", "disables a check"),
    ("src/a.py", "a()\n", "a()  # type: ignore\n", "disables a check"),
    ("src/a.js", "if (!x) throw new Error('x');\n", "if (!x) return null;\n", "removes a throw"),
    ("src/a.py", "assert x\n", "y()\n", "removes a throw, raise or assert"),
]


@pytest.mark.parametrize(("path", "before", "after", "warning"), BAND_AIDS)
def test_signs_of_a_band_aid_are_warnings(sources: Path, path: str, before: str, after: str, warning: str) -> None:
    write(sources, path, before)

    found = findings(sources, NEW_TEST, {path: after})
    reverse_of_nothing = findings(sources, NEW_TEST, {path: before + "unrelated;\n"})

    assert found.problems == []
    assert any(warning in text for text in found.warnings), found.warnings
    assert reverse_of_nothing.warnings == []


def test_an_honest_change_has_no_warnings(sources: Path) -> None:
    write(sources, "src/a.js", "const timeoutMs = 5000;\ntry { a(); } catch (error) { fail(error); }\n")
    honest = "const timeoutMs = 1000;\ntry { a(); } catch (error) { throw new Wrapped(error); }\n"

    assert findings(sources, NEW_TEST, {"src/a.js": honest}).warnings == []


def test_many_comments_in_a_catch_do_not_stall_the_guard(sources: Path) -> None:
    comments = "/* a */ // b\n" * 150
    found = findings(sources, NEW_TEST, {"src/a.js": f"try {{ a(); }} catch (error) {{ {comments} b();\n }}\n"})

    assert found.warnings == []


def test_a_fix_stays_within_the_paths_of_its_service(sources: Path) -> None:
    patch = Patch({**CODE, **NEW_TEST})

    inside = check_patch(patch, checkout=sources, allowed_paths=["src/*"])
    outside = check_patch(patch, checkout=sources, allowed_paths=["services/orders/*", "lib/*.js"])

    assert inside.problems == []
    assert outside.problems == [
        "src/total.js: is outside the paths of this service, which are services/orders/*, lib/*.js"
    ]


@pytest.mark.parametrize(
    "mark",
    [
        "// Code generated by protoc-gen-ts. DO NOT EDIT.",
        "/* @generated by relay */",
        "# This file is auto-generated, do not modify",
    ],
)
def test_a_file_that_says_that_it_is_generated_is_protected(sources: Path, mark: str) -> None:
    write(sources, "src/client.js", f"{mark}\ncall();\n")
    write(sources, "src/notes.js", "// the ids are generated by the database\ncall();\n")

    generated = findings(sources, NEW_TEST, {"src/client.js": f"{mark}\ncall(1);\n"})
    written = findings(sources, NEW_TEST, {"src/notes.js": "// the ids are generated by the database\ncall(1);\n"})

    assert any("says that it is generated" in problem for problem in generated.problems)
    assert written.problems == []
