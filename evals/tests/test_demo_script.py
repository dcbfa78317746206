"""The demo's three files agree with one another and with what the platform's guards demand."""

import json
import re
from typing import Any

import pytest
from pydantic import BaseModel

from agents.diagnosis.handoff import Diagnosis
from agents.fix.edits import patch_from
from agents.fix.handoff import FixProposal
from agents.fix.patch_guard import PatchFindings, check_patch
from agents.grounding.guard import check_diagnosis, check_fix
from agents.grounding.index import SymbolIndex
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.review.handoff import Review
from agents.tools.history import GitLogArguments
from agents.tools.metrics import ListAlarmsArguments, ListMetricFiltersArguments, ListMetricsArguments
from agents.tools.read_file import ReadFileArguments
from agents.tools.search_code import SearchCodeArguments
from agents.triage.handoff import Triage
from evals.tests.demo_material import (
    SERVICE,
    better_patch,
    filled,
    incidents,
    script,
    service_files,
    submissions,
    tool_calls,
)

HANDOFFS: dict[str, type[BaseModel]] = {
    "triage": Triage,
    "diagnosis": Diagnosis,
    "fix": FixProposal,
    "review": Review,
    "monitor": MonitorPlan,
}
ARGUMENTS: dict[str, type[BaseModel]] = {
    "search_code": SearchCodeArguments,
    "read_file": ReadFileArguments,
    "git_log": GitLogArguments,
    "list_alarms": ListAlarmsArguments,
    "list_metrics": ListMetricsArguments,
    "list_metric_filters": ListMetricFiltersArguments,
    "dry_run_alarm": AlarmSpec,
}
COMMIT = "a" * 40
STACK_FRAME = re.compile(r"at (?:async )?(?:\w+\.)?(\w+) \(/app/(src/[\w/]+\.js):(\d+):\d+\)")

FIXES = [*(FixProposal.model_validate(fix.values) for fix in submissions("fix")), better_patch()]
FIX_NAMES = [*(fix.scenario for fix in submissions("fix")), "the better patch"]


@pytest.fixture(scope="module")
def index() -> SymbolIndex:
    return SymbolIndex.build(SERVICE)


def diagnosis_problems(values: object, index: SymbolIndex) -> list[str]:
    diagnosis = Diagnosis.model_validate(filled(values, text=COMMIT))
    return check_diagnosis(diagnosis, index=index, log_event_ids=frozenset({COMMIT}), commits=frozenset({COMMIT}))


def test_every_file_of_the_service_is_in_exactly_one_commit() -> None:
    paths = [path for commit in incidents()["repository"]["commits"] for path in commit["paths"]]

    assert sorted(paths) == sorted(service_files())


def test_the_service_is_as_large_as_the_demo_says() -> None:
    files = service_files()
    cases = sum(
        len(re.findall(r"^test(?:\.each)?\(", (SERVICE / path).read_text(), re.MULTILINE))
        for path in files
        if path.endswith(".test.js")
    )

    assert sum(path.startswith("src/") for path in files) >= 14
    assert cases >= 30


def test_the_lock_file_names_no_registry_and_has_a_hash_for_every_package() -> None:
    lock = json.loads((SERVICE / "package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}

    assert lock["lockfileVersion"] == 3
    assert all("integrity" in entry for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())


@pytest.mark.parametrize("incident", incidents()["incidents"], ids=lambda incident: incident["key"])
def test_the_log_holds_as_many_matches_as_the_alarm_counts(incident: dict[str, Any]) -> None:
    phrase = incident["metric_filter"]["pattern"].strip('"')
    messages = [event["message"] for event in incident["log_events"]]
    counted = re.search(r"datapoints \[([\d.]+) ", incident["alarm"]["state_reason"])

    assert counted is not None
    assert sum(phrase in message for message in messages) == float(counted[1])
    assert any(phrase not in message for message in messages)


def test_every_stack_frame_of_the_service_lies_in_the_function_that_it_names(index: SymbolIndex) -> None:
    stacks = [
        json.loads(event["message"]).get("error", {}).get("stack", "")
        for incident in incidents()["incidents"]
        for event in incident["log_events"]
    ]
    frames = {frame for stack in stacks for frame in STACK_FRAME.findall(stack)}

    assert len(frames) >= 8
    for function, path, line in frames:
        assert any(
            found.path == path and found.line_start <= int(line) <= found.line_end
            for found in index.lookup(function)
        ), f"{function} is not at {path}:{line}"


@pytest.mark.parametrize("agent", HANDOFFS)
def test_what_the_script_submits_is_a_valid_handoff(agent: str) -> None:
    found = list(submissions(agent))

    assert found
    for submission in found:
        HANDOFFS[agent].model_validate(filled(submission.values, text=COMMIT))


def test_the_script_calls_tools_with_arguments_that_they_take() -> None:
    for name, values in tool_calls():
        ARGUMENTS[name].model_validate(values)


def test_the_script_plays_every_stage_of_the_story() -> None:
    played = [(scenario["when"]["tool"], tuple(scenario["when"]["contains"])) for scenario in script()]

    assert len(played) == len(set(played))
    assert {agent: sum(tool == f"submit_{agent}" for tool, _ in played) for agent in HANDOFFS} == {
        "triage": 5,
        "diagnosis": 3,
        "fix": 4,
        "review": 3,
        "monitor": 1,
    }


def test_the_guard_accepts_every_final_diagnosis(index: SymbolIndex) -> None:
    problems = {
        diagnosis.scenario: diagnosis_problems(diagnosis.values, index)
        for diagnosis in submissions("diagnosis")
        if diagnosis.is_last
    }

    assert len(problems) == 3
    assert not any(problems.values()), problems


def test_the_guard_refuses_the_one_made_up_function(index: SymbolIndex) -> None:
    refused = [diagnosis for diagnosis in submissions("diagnosis") if not diagnosis.is_last]

    assert [diagnosis.scenario for diagnosis in refused] == ["diagnosis of the failing checkout"]
    assert any("selectShippingParcel" in problem for problem in diagnosis_problems(refused[0].values, index))


@pytest.mark.parametrize("fix", FIXES, ids=FIX_NAMES)
def test_each_fix_applies_and_passes_the_guards(fix: FixProposal, index: SymbolIndex) -> None:
    patch = patch_from(fix, checkout=SERVICE)

    assert check_patch(patch, checkout=SERVICE) == PatchFindings()
    assert check_fix(patch, index=index, checkout=SERVICE) == []


def test_the_better_patch_leaves_an_unconfirmed_order_unpaid() -> None:
    [rejected] = [fix for name, fix in zip(FIX_NAMES, FIXES, strict=True) if name == "fix of the failing payments"]

    better = patch_from(better_patch(), checkout=SERVICE)

    assert better.sha256 != patch_from(rejected, checkout=SERVICE).sha256
    assert "awaiting_authentication" in (better.files["src/services/payments.js"] or "")


def test_the_alarm_that_the_script_plans_matches_the_fault_in_the_log() -> None:
    [monitor] = submissions("monitor")
    plan = MonitorPlan.model_validate(monitor.values)
    existing = {incident["alarm"]["name"]: incident for incident in incidents()["incidents"]}
    fault = [event["message"] for event in existing["orders-service-checkout-errors"]["log_events"]]

    [alarm] = plan.alarms
    assert alarm.metric_filter is not None
    assert alarm.name not in existing
    assert alarm.metric_filter.log_group == incidents()["log_group"]
    assert any(alarm.metric_filter.pattern.strip('"') in message for message in fault)
