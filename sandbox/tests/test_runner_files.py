"""The command and the configuration of tests name files; a word that is only like a file's name names none."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.contract import Prepared
from sandbox.ecosystems.detect import detect
from sandbox.runner_files import names_runner_file
from sandbox.tests.test_trial import PREPARED

JEST = {"scripts": {"test": "jest"}, "devDependencies": {"jest": "1"}}


def prepared(
    checkout: Path, files: Mapping[str, str], command: tuple[str, ...] = ("jest",), build: tuple[str, ...] = ()
) -> Prepared:
    for path, content in files.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(content)
    return PREPARED.model_copy(update={"checkout": checkout, "command": command, "build": build})


def package(**settings: object) -> dict[str, str]:
    return {"package.json": json.dumps(settings)}


def script(test: str, framework: str = "") -> dict[str, str]:
    return package(scripts={"test": test, "build": "tsc"}, devDependencies={framework: "1"} if framework else {})


@pytest.mark.parametrize(
    "files",
    [
        {"pytest.ini": "[pytest]\naddopts = -p no:randomly\n"},
        {"setup.py": "", "tests/test_a.py": "import unittest\nclass A(unittest.TestCase): pass\n"},
        script("npm run build && jest", "jest"),
        script("vitest run", "vitest"),
        script("mocha --require ts-node/register", "mocha"),
        script("npm run build && ava", "ava"),
        script("tape test/*.js", "tape"),
        script("node --test"),
        script("node test/run.js"),
    ],
)
def test_no_word_of_a_command_is_taken_for_a_file_of_the_root(tmp_path: Path, files: dict[str, str]) -> None:
    prepared(tmp_path, files)
    found = detect(tmp_path)
    command = found.test_command(tmp_path, "")
    suffix = ".js" if "package.json" in files else ".py"
    words = ("report", "tools", "run", "build", "default", "json", "node", "register", "no", "xunit1", "test")

    named = [
        word
        for word in words
        if names_runner_file(prepared(tmp_path, files, command.words, command.build), f"{word}{suffix}")
    ]

    assert named == []


@pytest.mark.parametrize(
    ("path", "files", "command"),
    [
        ("hooks.js", package(mocha={"require": ["./hooks"]}), "mocha"),
        ("hooks.js", package(mocha={"require": "hooks.js"}), "mocha"),
        ("support/hooks.ts", {}, "mocha --require=support/hooks"),
        ("harness/prepare.js", package(jest={"setupFiles": ["<rootDir>/harness/prepare"]}), "jest"),
        ("harness/index.js", package(jest={"setupFiles": ["<rootDir>/harness"]}), "jest"),
        ("harness/b.js", {"config/jest.json": '{"setupFiles": ["../harness/b.js"]}'}, "jest -c config/jest.json"),
        ("config/jest.json", {"config/jest.json": "{}"}, "jest --config=config/jest.json"),
        ("shop/plugin.py", {}, "pytest -p shop.plugin"),
        ("shop/plugin.py", {"ci.ini": "[pytest]\naddopts = -pshop.plugin\n"}, "pytest -c ci.ini"),
        ("shop/plugin.py", {"tests/conftest.py": "pytest_plugins = ['shop.plugin']"}, "pytest"),
    ],
)
def test_what_a_command_or_a_configuration_names_is_the_runner_s(
    tmp_path: Path, path: str, files: dict[str, str], command: str
) -> None:
    assert names_runner_file(prepared(tmp_path, files, tuple(command.split())), path)


@pytest.mark.parametrize(
    ("path", "files", "command"),
    [
        ("index.js", package(jest={"setupFiles": ["./test-setup/index.js"]}), "jest"),
        ("index.js", package(jest={"setupFiles": ["."]}), "jest"),
        ("node.js", package(jest={"testEnvironment": "node"}), "jest"),
        ("server.js", {".mocharc.yml": "# starts the server once\nspec: test\n"}, "mocha"),
        ("shop/core.py", {}, "pytest --cov shop/core"),
        ("src/index.js", {}, "jest src"),
        ("shop/a.py", {"package.json": "{ // no JSON\n}"}, "pytest"),
        ("shop/a.py", {"package.json": "[]"}, "pytest"),
        ("src.py", {}, "sh -c mkdir -p src/out && pytest"),
        ("shop/a.py", {}, "pytest -c /etc/hosts -c ../outside.ini"),
    ],
)
def test_a_word_that_is_only_like_a_name_names_no_file(
    tmp_path: Path, path: str, files: dict[str, str], command: str
) -> None:
    assert not names_runner_file(prepared(tmp_path, files, tuple(command.split())), path)
