"""How repositories are recognised, installed and run, and how their reports are read."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.contract import WHOLE_FILE, SandboxRefused
from sandbox.ecosystems.contract import Ecosystem
from sandbox.ecosystems.detect import ECOSYSTEMS, detect
from sandbox.ecosystems.node.jest import Jest
from sandbox.ecosystems.node.mocha import Mocha
from sandbox.ecosystems.python.pytest import Pytest

JEST = "node_modules/.bin/jest"


def written(directory: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return directory


def package(script: str = "jest", **more: object) -> str:
    return json.dumps({"name": "x", "scripts": {"test": script}, **more})


@pytest.mark.parametrize(
    ("files", "test_command", "name"),
    [
        ({"package.json": package()}, "", "jest"),
        ({"package.json": package("make test", devDependencies={"jest": "29"})}, "", "jest"),
        ({"package.json": package("mocha")}, "node tools/run.js", "node"),
        ({"package.json": package("vitest")}, "", "vitest"),
        ({"package.json": package("c8 mocha 'test/**/*.js'")}, "", "mocha"),
        ({"package.json": package("xo && ava")}, "", "ava"),
        ({"package.json": package("tape test/*.js", devDependencies={"tape": "5"})}, "", "tape"),
        ({"package.json": package("node test/all.js", devDependencies={"tape": "5"})}, "", "tape"),
        ({"package.json": package("node --test")}, "", "node:test"),
        ({"package.json": package("node test/all.js")}, "", "node"),
        ({"package.json": package("mocha", devDependencies={"jest": "29"})}, "", "mocha"),
        ({"package.json": package(devDependencies={"jest": "29"})}, "python -m pytest", "pytest"),
        ({"setup.py": ""}, "python -m unittest discover", "unittest"),
        ({"setup.py": ""}, "./run-tests.sh", "python"),
        ({"pyproject.toml": ""}, "", "pytest"),
        ({"package.json": package("echo"), "requirements.txt": ""}, "", "pytest"),
        ({"package.json": package(), "requirements.txt": ""}, "python -m pytest -q", "pytest"),
    ],
)
def test_repositories_are_recognised(tmp_path: Path, files: dict[str, str], test_command: str, name: str) -> None:
    assert detect(written(tmp_path, files), test_command).name == name


@pytest.mark.parametrize(
    "files", [{}, {"Cargo.toml": ""}, {"package.json": package('echo "Error: no test specified" && exit 1')}]
)
def test_an_unknown_repository_is_refused_with_what_is_known(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(SandboxRefused, match=r"known: jest, vitest, mocha, ava, tape, node:test, unit"):
        detect(written(tmp_path, files))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"scripts": {"test": "jest \'"}}', "[" * 100_000])
def test_a_broken_package_json_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(SandboxRefused):
        detect(written(tmp_path, {"package.json": content}))


@pytest.mark.parametrize(
    ("script", "given_command", "words", "environment"),
    [
        ("jest", "", (JEST,), {}),
        ("make check", "", (JEST,), {}),
        ("TZ=UTC LANG=de jest -i && eslint .", "", (JEST, "-i"), {"TZ": "UTC", "LANG": "de"}),
        ("eslint . && cross-env NODE_ENV=test npx jest", "", (JEST,), {"NODE_ENV": "test"}),
        ("TZ=UTC jest", "A=1 jest --runInBand", (JEST, "--runInBand"), {"TZ": "UTC", "A": "1"}),
        ("npm run unit", "", (JEST, "--selectProjects", "unit"), {"A": "2"}),
        ("jest", "npm run unit", (JEST, "--selectProjects", "unit"), {"A": "2"}),
        ("jest", "node tools/jest.js", ("node", "tools/jest.js"), {}),
        ("nyc --reporter=text jest --coverage -i", "", (JEST, "-i"), {}),
        ("node --no-warnings node_modules/jest/bin/jest.js", "", ("node", "--no-warnings"), {}),
    ],
)
def test_jest_runs_as_the_repository_runs_it(
    tmp_path: Path, script: str, given_command: str, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    scripts = {"test": script, "unit": "A=2 jest --selectProjects unit"}
    files = {"package.json": json.dumps({"name": "x", "scripts": scripts})}

    command = Jest().test_command(written(tmp_path, files), given_command)

    assert command.words[: len(words)] == words
    assert "--outputFile={report}" in command.words
    assert command.environment == environment


def test_pytest_runs_from_the_installed_environment(tmp_path: Path) -> None:
    command = Pytest().test_command(tmp_path, "PYTHONPATH=src python -m pytest tests/unit")

    assert command.words[:4] == (".venv/bin/python", "-m", "pytest", "tests/unit")
    assert command.environment == {"PYTHONPATH": "src"}


def test_the_key_of_an_installation_follows_lock_file_and_runtime(tmp_path: Path) -> None:
    written(tmp_path, {"package.json": package(), "package-lock.json": "{}", "src/a.js": "1"})
    key = Jest().install(tmp_path).key("v20")

    (tmp_path / "src" / "a.js").write_text("2")
    assert Jest().install(tmp_path).key("v20") == key
    assert Jest().install(tmp_path).key("v22") != key
    (tmp_path / "package-lock.json").write_text("{ }")
    assert Jest().install(tmp_path).key("v20") != key


def test_installing_never_runs_scripts_of_packages(tmp_path: Path) -> None:
    for files in ({"package.json": package()}, {"package.json": package(), "package-lock.json": "{}"}):
        command = Jest().install(written(tmp_path, files)).commands[0]
        assert command[2].count("npm ") == command[2].count("--ignore-scripts") == 2


MANAGERS = {
    "npm": ({"package-lock.json": "{}"}, "npm ci", "package-lock.json"),
    "npm, no lock file": ({}, "npm install --no-package-lock", ""),
    "pnpm 9": (
        {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"},
        "pnpm@9 install --frozen-lockfile",
        "pnpm-lock.yaml",
    ),
    "pnpm 8": ({"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "pnpm@8 install", "pnpm-lock.yaml"),
    "yarn 1": ({"yarn.lock": "# yarn lockfile v1\n"}, "yarn@1.22.22 install --frozen-lockfile", "yarn.lock"),
    "yarn berry": ({"yarn.lock": "__metadata:\n  version: 8\n"}, "cli-dist@4 install --immutable", "yarn.lock"),
}


@pytest.mark.parametrize(("files", "words", "lock_file"), MANAGERS.values(), ids=MANAGERS.keys())
def test_each_lock_file_is_kept_by_its_own_manager(
    tmp_path: Path, files: dict[str, str], words: str, lock_file: str
) -> None:
    install = Jest().install(written(tmp_path, {"package.json": package(), **files}))

    assert words in " ".join(install.commands[0])
    assert install.lock_file == lock_file


def test_a_version_that_the_repository_pins_is_taken(tmp_path: Path) -> None:
    files = {"package.json": package(packageManager="pnpm@8.6.1+sha256.ab"), "pnpm-lock.yaml": ""}

    assert "pnpm@8.6.1" in Jest().install(written(tmp_path, files)).commands[0]


def test_what_a_test_script_builds_first_is_built_in_every_run(tmp_path: Path) -> None:
    scripts = {
        "pretest": "npm run lint && tsc --noEmit && npm run build",
        "test": "node tools/copy.js *.txt > log && npm run unit",
        "preunit": "tsc -p tests",
        "unit": "mocha",
    }
    files = {"package.json": json.dumps({"scripts": scripts})}

    command = Mocha().test_command(written(tmp_path, files), "")

    assert command.build == ("npm run build", "node tools/copy.js *.txt > log", "tsc -p tests")


def test_a_database_server_is_named_only_where_one_would_be_downloaded(tmp_path: Path) -> None:
    plain, with_mongo = package(), package(devDependencies={"mongodb-memory-server-core": "9"})

    assert Jest().test_command(written(tmp_path, {"package.json": plain}), "").environment == {}
    environment = Jest().test_command(written(tmp_path, {"package.json": with_mongo}), "").environment
    assert environment["MONGOMS_SYSTEM_BINARY"] == "/usr/local/bin/mongod"


DECLARED = {
    "tox": (
        {"tox.ini": "[testenv]\ncommands =\n  pytest {posargs} tests/unit\n"},
        "tox -e py311",
        ("tests/unit",),
    ),
    "nox": ({"noxfile.py": 'def tests(session):\n    session.run("pytest", "-x")\n'}, "nox -s tests", ("-x",)),
    "tox without a file": ({"pyproject.toml": ""}, "tox", ()),
}


@pytest.mark.parametrize(("files", "given_command", "options"), DECLARED.values(), ids=DECLARED.keys())
def test_what_tox_or_nox_would_run_is_run(
    tmp_path: Path, files: dict[str, str], given_command: str, options: tuple[str, ...]
) -> None:
    ecosystem = detect(written(tmp_path, files), given_command)

    words = ecosystem.test_command(tmp_path, given_command).words
    assert ecosystem.name == "pytest"
    assert words[3 : 3 + len(options)] == options


def test_requirements_of_a_pyproject_are_installed(tmp_path: Path) -> None:
    document = (
        '[project]\nname = "x"\ndependencies = ["httpx"]\n[dependency-groups]\ndev = ["ruff", "--index-url=x"]\n'
    )

    command = Pytest().install(written(tmp_path, {"pyproject.toml": document})).commands[-1]

    assert command[-3:] == ("httpx", "ruff", "pytest")


def jest_report(*tests: Mapping[str, object], **suite: object) -> bytes:
    return json.dumps(
        {
            "testResults": [
                {"name": "/run/1/work/a.test.js", "status": "passed", "assertionResults": tests, **suite}
            ]
        }
    ).encode()


def test_old_jest_gives_titles_as_lists() -> None:
    report = jest_report({"title": ["adds", "numbers"], "status": "passed"})

    parsed = Jest().parse_report(report, root="/run/1/work")

    assert parsed is not None
    assert parsed.tests == {"a.test.js::adds numbers": "passed"}


def test_two_tests_of_one_name_stay_two() -> None:
    test = {"title": "adds", "status": "passed"}

    parsed = Jest().parse_report(jest_report(test, test), root="/run/1/work")

    assert parsed is not None
    assert parsed.tests == {"a.test.js::adds": "passed", "a.test.js::adds (2)": "passed"}


def test_addresses_and_directories_are_not_part_of_a_name() -> None:
    first = Jest().parse_report(
        jest_report({"title": "<X at 0x7f001122aa> /run/1/work/b", "status": "passed"}), root="/run/1/work"
    )

    assert first is not None
    assert first.tests == {"a.test.js::<X at 0x...> /work/b": "passed"}


def test_a_suite_that_did_not_run_is_one_failed_test() -> None:
    parsed = Jest().parse_report(jest_report(status="failed", message="SyntaxError"), root="/run/1/work")

    assert parsed is not None
    assert parsed.tests == {f"a.test.js::{WHOLE_FILE}": "failed"}
    assert parsed.failures == {f"a.test.js::{WHOLE_FILE}": "SyntaxError"}


HOSTILE = {
    "empty": b"",
    "cut off": jest_report({"title": "a", "status": "passed"})[:-7],
    "not a report": b'{"testResults": 3}',
    "a list": b"[]",
    "an unknown status": jest_report({"title": "a", "status": "invented"}),
    "deep JSON": b"[" * 200_000,
    "a lone surrogate": jest_report({"title": "\ud800", "status": "passed"}),
    "not UTF-8": b"\xff\xfe{",
    "another document": b"<html/>",
    "XML cut off": b'<testsuites><testsuite><testcase name="a"',
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuites>&b;</testsuites>',
    "entities in UTF-16": '<!DOCTYPE x [<!ENTITY a "aa">]><testsuites>&a;</testsuites>'.encode("utf-16"),
}


@pytest.mark.parametrize("report", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("ecosystem", ECOSYSTEMS, ids=lambda ecosystem: ecosystem.name)
def test_a_hostile_or_broken_report_is_no_report(ecosystem: Ecosystem, report: bytes) -> None:
    assert ecosystem.parse_report(report, root="/work") is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_a_parser_raise(report: bytes) -> None:
    for ecosystem in ECOSYSTEMS:
        ecosystem.parse_report(report, root="/work")
