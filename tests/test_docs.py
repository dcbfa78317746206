"""What the README and docs/ say can be done: each command is run or read by its own parser, each name exists."""

import ast
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import botocore.session
import pytest
import yaml
from botocore import xform_name
from django.core.management import CommandError, get_commands

from core.errors import NeedsHuman
from scripts.docs_reference import own_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^ *```bash\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
# Words in place of a value: what a reader puts in.
_PLACES = {"FILE": "cases.jsonl", "DIR": ".", "PATH": ".", "SHA": "HEAD", "PATCH": "fix.patch", "FOLDER": "."}

# The services at AWS that each folder asks.
_ASKED = {
    "integrations/cloudwatch": ("cloudwatch", "logs"),
    "integrations/sns": ("sns",),
    "config/metrics": ("cloudwatch",),
}


def _lines(page: Path) -> list[str]:
    return [
        line.strip()
        for block in _FENCE.findall(page.read_text())
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip() and not line.strip().startswith("#")
    ]


def _inline(page: Path) -> list[str]:
    return [text for text in re.findall(r"`((?:manage\.py|make) [^`]+)`", page.read_text()) if "NAME" not in text]


COMMANDS = sorted(
    {
        line.removeprefix(".venv/bin/python ")
        for page in PAGES
        for line in [*_lines(page), *_inline(page)]
        if re.match(r"(\.venv/bin/python )?(manage\.py|make) ", line)
    }
)


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("manage.py")])
def test_a_command_in_the_documentation_is_one_that_its_parser_takes(line: str) -> None:
    name, *arguments = shlex.split(line.replace("NAME", "pipeline"), comments=True)[1:]
    assert name in get_commands(), f"{line!r} names no command"
    # A bare name in a sentence, Django's own commands, and a mention of --help have nothing to be read.
    if not arguments or arguments == ["--help"] or name not in own_commands():
        return
    try:
        own_commands()[name].parse_args([_PLACES.get(word, word) for word in arguments])
    except CommandError as error:
        pytest.fail(f"{line!r}: {error}")


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("make")])
def test_a_make_target_in_the_documentation_exists(line: str) -> None:
    said = subprocess.run(
        ["make", "--dry-run", *shlex.split(line.split("#")[0])[1:]], cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr


def test_the_documentation_names_commands() -> None:
    assert len(COMMANDS) > 20


def test_every_reason_to_need_a_human_has_its_runbook() -> None:
    runbook = (ROOT / "docs" / "operate.md").read_text()
    _import_all()
    reasons = _exit_reasons(NeedsHuman)
    assert len(reasons) > 20
    assert sorted(reason for reason in reasons if f"### {reason}\n" not in runbook) == []


def test_every_alert_has_its_runbook() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yml").read_text())["groups"][0]["rules"]
    runbook = (ROOT / "docs" / "operate.md").read_text()
    missing = [rule["alert"] for rule in rules if f"### {rule['alert']}" not in runbook]
    assert rules
    assert not missing


def test_every_test_that_the_security_page_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`((?:platform|incidents|agents|sandbox|approvals|tests|evals)/[\w/.]+)`", page)
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert said.returncode == 0, said.stderr
    settings = (tmp_path / "site" / "reference" / "settings" / "index.html").read_text()
    assert "PIPELINE_MIN_CONFIDENCE" in settings


def test_every_call_to_aws_is_among_the_permissions_that_are_asked_for() -> None:
    documented = set(re.findall(r"`(\w+:\w+)`", (ROOT / "docs" / "connect.md").read_text()))
    session = botocore.session.get_session()
    missing, count = set(), 0
    for folder, services in _ASKED.items():
        models = {service: session.get_service_model(service).operation_names for service in services}
        for source in (ROOT / "platform" / folder).glob("*.py"):
            for name in _methods_called(ast.parse(source.read_text())):
                # Two services have operations of the same name: which one is meant is not in the text.
                found = {
                    f"{of}:{each}" for of, names in models.items() for each in names if xform_name(each) == name
                }
                count += bool(found)
                if found and not found & documented:
                    missing |= found

    assert count > 10
    assert missing == set()


def _methods_called(tree: ast.Module) -> set[str]:
    """Return the names of methods that are called, a paginator's by the name of its operation."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr="get_paginator"), [ast.Constant(str(name))]):
                found.add(name)
            case ast.Call(ast.Attribute(attr=name)):
                found.add(name)
    return found


def _import_all() -> None:
    """Import every module of ours: a class is known by its base only once it was read."""
    for room in ("core", "integrations", "pipeline", "incidents", "agents", "approvals", "sandbox", "evals"):
        package = import_module(room)
        for module in walk_packages(package.__path__, f"{room}."):
            if not {"tests", "migrations"} & set(module.name.split(".")):
                import_module(module.name)


def _exit_reasons(kind: type[NeedsHuman]) -> set[str]:
    found = {kind.exit_reason}
    for below in kind.__subclasses__():
        if not below.__module__.rpartition(".")[0].endswith("tests"):
            found |= _exit_reasons(below)
    return found
