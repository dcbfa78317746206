"""The workflows at GitHub: of the right form, with no stored key and no more rights than they need."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).resolve().parent.parent / ".github" / "workflows").glob("*.yml"))


def test_there_are_workflows() -> None:
    assert {path.stem for path in WORKFLOWS} == {"test", "release"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_the_form_that_github_reads(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_workflow_uses_a_stored_secret_or_may_write_to_the_repository(path: Path) -> None:
    text = path.read_text()
    workflow: dict[str, Any] = yaml.safe_load(text)

    assert "secrets." not in text
    assert workflow["permissions"]["contents"] == "read"
    assert set(workflow["permissions"]) <= {"contents", "id-token"}


def test_only_the_approved_environment_opens_the_role() -> None:
    [release] = [path for path in WORKFLOWS if path.stem == "release"]
    jobs = yaml.safe_load(release.read_text())["jobs"]

    assert {job["environment"] for job in jobs.values()} == {"production"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_action_is_named_by_its_commit_because_a_tag_can_be_moved(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v?[0-9.]+", action)] == []


def test_going_back_to_an_earlier_release_changes_nothing_but_the_services() -> None:
    [release] = [path for path in WORKFLOWS if path.stem == "release"]
    steps = yaml.safe_load(release.read_text())["jobs"]["deploy"]["steps"]
    deployed = [step["run"] for step in steps if " deploy " in step.get("run", "") and "if" not in step]

    assert len(deployed) == 1
    assert "deploy agent-platform-services --exclusively " in deployed[0]


def test_the_tests_may_start_a_container_engine_in_a_checkout_that_is_a_repository() -> None:
    [test] = [path for path in WORKFLOWS if path.stem == "test"]
    job = yaml.safe_load(test.read_text())["jobs"]["everything"]

    assert "--privileged" in job["container"]["options"].split()
    assert "install -y -qq git " in job["steps"][0]["run"]
