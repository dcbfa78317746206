"""How repositories are recognised, installed and run, and how their reports are read."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.contract import WHOLE_FILE, SandboxRefused
from sandbox.ecosystems.detect import ECOSYSTEMS, detect
from sandbox.ecosystems.node import JEST, REPORT_OPTIONS, Jest
from sandbox.ecosystems.python import Pytest


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
        ({"package.json": package("mocha")}, "node tools/run.js", "jest"),
        ({"pyproject.toml": ""}, "", "pytest"),
        ({"package.json": package("echo"), "requirements.txt": ""}, "", "pytest"),
        ({"package.json": package(), "requirements.txt": ""}, "python -m pytest -q", "pytest"),
    ],
)
def test_repositories_are_recognised(tmp_path: Path, files: dict[str, str], test_command: str, name: str) -> None:
    assert detect(written(tmp_path, files), test_command).name == name


@pytest.mark.parametrize("files", [{}, {"Cargo.toml": ""}, {"package.json": package("mocha")}])
def test_an_unknown_repository_is_refused_with_what_is_known(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(SandboxRefused, match=r"known: jest, pytest"):
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
        ("jest", "npm run test:unit", ("npm", "run", "test:unit", "--"), {}),
        ("jest", "node tools/run.js", ("node", "tools/run.js"), {}),
    ],
)
def test_jest_runs_as_the_repository_runs_it(
    tmp_path: Path, script: str, given_command: str, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    command = Jest().test_command(written(tmp_path, {"package.json": package(script)}), given_command)

    assert command.words == (*words, *REPORT_OPTIONS)
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
        [command] = Jest().install(written(tmp_path, files)).commands
        assert "--ignore-scripts" in command


def test_a_lock_file_of_another_package_manager_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxRefused, match=r"yarn\.lock"):
        Jest().install(written(tmp_path, {"package.json": package(), "yarn.lock": ""}))


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
def test_a_hostile_or_broken_report_is_no_report(ecosystem: Jest | Pytest, report: bytes) -> None:
    assert ecosystem.parse_report(report, root="/work") is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_a_parser_raise(report: bytes) -> None:
    for ecosystem in ECOSYSTEMS:
        ecosystem.parse_report(report, root="/work")
