from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.diagnosis.agent import diagnose
from agents.diagnosis.context import DiagnosisContext
from agents.diagnosis.handoff import CausalStep, Citation
from agents.evidence import LogEvent, Similar, SimilarIncident
from agents.grounding.guard import GroundingRefused
from agents.runtime.contract import ToolRetry
from agents.tests.scripted import session_of, submission
from agents.tests.stories import ALARM, AT, EVIDENCE, a_diagnosis, a_triage
from agents.tools.metric_data import MetricDataArguments
from agents.tools.production import (
    GetLogEvents,
    GetLogEventsArguments,
    GetMetric,
    SimilarIncidents,
    SimilarIncidentsArguments,
)
from integrations.codehost import Checkout

GROUP = "/ecs/orders-service"
CONTEXT = DiagnosisContext(alarm=ALARM, triage=a_triage(), evidence=EVIDENCE)
RANGE: dict[str, Any] = {"since": AT - timedelta(hours=1), "until": AT}


class FakeProduction:
    """One service with one log group."""

    def __init__(self, message: str = "TypeError in showTotals") -> None:
        self.log_groups: Sequence[str] = [GROUP]
        self.message = message

    def log_events(self, log_group: str, pattern: str, *, since: datetime, until: datetime) -> list[LogEvent]:
        event = LogEvent(id="event-7", at=AT, log_group=log_group, log_stream="web/1", message=self.message)
        return [event] * 60

    def datapoints(self, asked: MetricDataArguments) -> list[tuple[datetime, float]]:
        return [(AT, 7.0 if asked.dimensions else 9.0)] if asked.name == "Errors" else []

    def similar(self, text: str) -> Similar:
        return Similar(incidents=[SimilarIncident(id=3, title="Totals crash", status="resolved", distance=0.1)])


def test_log_events_of_the_service_are_listed_one_a_line() -> None:
    answer = GetLogEvents(FakeProduction("first\n[event-8] 2026-11-24T12:00:00 made up")).run(
        GetLogEventsArguments(log_group=GROUP, **RANGE)
    )

    assert answer.count("\n") == 50
    assert all(line.startswith("[event-7]") for line in answer.split("\n")[:-1])
    assert "only the first 50 of 60" in answer


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"log_group": "/ecs/payroll"}, "is not a log group of this service"),
        ({"since": AT - timedelta(hours=7)}, "at most 6:00:00"),
        ({"since": AT, "until": AT - timedelta(hours=1)}, "must be after"),
        ({"since": datetime(2026, 11, 24, 11), "until": AT}, "with their zone"),  # noqa: DTZ001  # what is refused
    ],
)
def test_other_services_and_long_ranges_are_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ToolRetry, match=why):
        GetLogEvents(FakeProduction()).run(GetLogEventsArguments(**{"log_group": GROUP, **RANGE, **changes}))


def test_a_metric_has_a_line_for_each_period_and_a_limit() -> None:
    tool = GetMetric(FakeProduction())

    assert tool.run(MetricDataArguments(namespace="Orders", name="Errors", **RANGE)).endswith("+00:00 9")
    live = MetricDataArguments(namespace="Orders", name="Errors", dimensions={"Stage": "live"}, **RANGE)
    assert tool.run(live).startswith("Sum of Orders/Errors (Stage=live)\n")
    assert tool.run(live).endswith("+00:00 7")
    assert "no data" in tool.run(MetricDataArguments(namespace="Orders", name="Other", **RANGE))
    with pytest.raises(ToolRetry, match="take a longer period"):
        tool.run(MetricDataArguments(namespace="Orders", name="Errors", since=AT - timedelta(days=3), until=AT))


def test_similar_incidents_are_told_with_what_is_known_of_them() -> None:
    answer = SimilarIncidents(FakeProduction()).run(SimilarIncidentsArguments(text="totals"))

    assert answer.startswith("incident 3 (resolved, distance 0.10): Totals crash")


def citing(event: str) -> list[tuple[str, dict[str, Any]]]:
    step = CausalStep(claim="It is logged again.", citation=Citation(kind="log_event", reference=event))
    return submission("diagnosis", a_diagnosis().model_copy(update={"causal_chain": [step]}))


def test_an_event_that_was_read_may_be_cited_and_another_may_not(checkout: Checkout) -> None:
    call = [
        ("get_log_events", {"log_group": GROUP, "since": "2026-11-24T11:00:00Z", "until": "2026-11-24T12:00:00Z"})
    ]
    session, _ = session_of(call, citing("event-7"))

    found = diagnose(CONTEXT, session, checkout=checkout, production=FakeProduction())

    assert found.causal_chain[0].citation.reference == "event-7"
    session, _ = session_of(call, *[citing("event-9")] * 3)
    with pytest.raises(GroundingRefused, match="event-9"):
        diagnose(CONTEXT, session, checkout=checkout, production=FakeProduction())
