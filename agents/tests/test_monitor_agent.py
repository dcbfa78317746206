from datetime import datetime
from typing import Any

import pytest

from agents.monitor.agent import plan_monitors, plan_problems
from agents.monitor.context import MonitorContext
from agents.monitor.handoff import AlarmSpec, MonitorPlan
from agents.runtime.contract import ToolRetry
from agents.tests.scripted import session_of, submission
from agents.tests.stories import ALARM, AT, a_diagnosis, an_alarm
from agents.tools.metric_data import MetricDataArguments
from agents.tools.metrics import metric_tools

CONTEXT = MonitorContext(
    service="orders-service",
    incident_id=7,
    diagnosis=a_diagnosis(),
    diff="+  return (order.lines ?? []).reduce(\n",
    alarm=ALARM,
    log_groups=["/ecs/orders-service"],
)


class KnownMetrics:
    """A CloudWatch that has one of each, and refuses alarms with a period of 61 seconds."""

    def list_metrics(self, namespace: str) -> list[str]:
        return [f"{namespace}/Errors"]

    def list_alarms(self, prefix: str) -> list[str]:
        return [f"{prefix}errors: Sum Errors > 3"]

    def list_metric_filters(self, log_group: str) -> list[str]:
        return []

    def datapoints(self, asked: MetricDataArguments) -> list[tuple[datetime, float]]:
        return [(AT, 4.0)] if asked.dimensions == {"Stage": "live"} else []

    def matching_events(self, log_group: str, pattern: str) -> list[str] | None:
        if pattern == "{":
            raise ToolRetry("CloudWatch does not take the pattern")
        return ["first\nline"] * 12 if log_group == "/ecs/orders-service" else None

    def dry_run_alarm(self, spec: AlarmSpec) -> list[str]:
        return ["the period is not a multiple of 60"] if spec.period_seconds == 61 else []


def a_plan(*alarms: AlarmSpec) -> MonitorPlan:
    return MonitorPlan(reason="Nothing existing shows crashes of totals.", alarms=list(alarms))


def test_the_tools_answer_and_the_plan_is_handed_on() -> None:
    session, model = session_of(
        [
            ("list_metrics", {"namespace": "OrdersService"}),
            ("list_alarms", {"prefix": "orders-service-"}),
            ("list_metric_filters", {"log_group": "/ecs/orders-service"}),
            ("dry_run_alarm", an_alarm(period_seconds=61).model_dump(mode="json")),
        ],
        submission("monitor", a_plan(an_alarm())),
    )

    plan = plan_monitors(CONTEXT, session, tools=metric_tools(KnownMetrics()))

    assert plan == a_plan(an_alarm())
    results = model.heard(1)
    assert "OrdersService/Errors" in results
    assert "orders-service-errors: Sum Errors" in results
    assert "There are no metric filters on /ecs/orders-service." in results
    assert "orders-service-total-crashes: the period is not a multiple of 60" in results


def test_values_of_a_metric_with_dimensions_and_what_a_pattern_finds_can_be_looked_at() -> None:
    live = {"namespace": "OrdersService", "name": "Errors", "since": "2026-11-24T11:00:00Z"}
    live["until"] = "2026-11-24T12:00:00Z"
    session, model = session_of(
        [
            ("get_metric_data", {**live, "dimensions": {"Stage": "live"}}),
            ("get_metric_data", live),
            ("dry_run_metric_filter", {"log_group": "/ecs/orders-service", "pattern": '"first"'}),
            ("dry_run_metric_filter", {"log_group": "/ecs/other", "pattern": '"first"'}),
            ("dry_run_metric_filter", {"log_group": "/ecs/orders-service", "pattern": "{"}),
        ],
        submission("monitor", a_plan(an_alarm())),
    )

    plan_monitors(CONTEXT, session, tools=metric_tools(KnownMetrics()))

    heard = model.heard(1)
    assert "Sum of OrdersService/Errors (Stage=live)" in heard
    assert "Sum of OrdersService/Errors (no dimensions) has no data" in heard
    assert "12 events match, the newest:" in heard
    assert heard.count("first line") == 10
    assert "there is no log group /ecs/other" in heard
    assert "does not take the pattern" in heard


def test_an_alarm_that_fails_its_dry_run_goes_back_to_the_model() -> None:
    session, model = session_of(
        submission("monitor", a_plan(an_alarm(period_seconds=61))), submission("monitor", a_plan(an_alarm()))
    )

    plan_monitors(CONTEXT, session, tools=metric_tools(KnownMetrics()))

    assert "the period is not a multiple of 60" in model.heard(1)


def test_a_plan_without_alarms_is_an_answer() -> None:
    session, _ = session_of(submission("monitor", a_plan()))

    assert plan_monitors(CONTEXT, session, tools=()).alarms == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "total-crashes"}, "must start with orders-service-"),
        ({"name": ALARM.alarm_name}, "would overwrite"),
        ({"datapoints_to_alarm": 4}, "is more than evaluation_periods 3"),
        ({"metric_filter": {"log_group": "/ecs/other", "pattern": "x"}}, "not one of the service's"),
    ],
)
def test_an_alarm_outside_the_rules_is_a_problem(changes: dict[str, Any], problem: str) -> None:
    assert plan_problems(a_plan(an_alarm()), CONTEXT) == []
    assert any(problem in text for text in plan_problems(a_plan(an_alarm(**changes)), CONTEXT))


def test_two_alarms_of_one_name_are_a_problem() -> None:
    assert any("2 alarms" in text for text in plan_problems(a_plan(an_alarm(), an_alarm()), CONTEXT))
