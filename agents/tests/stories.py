"""The incident that the agents' tests tell: totals of orders without lines."""

from datetime import UTC, datetime
from typing import Any

from agents.alarm import AlarmFacts
from agents.diagnosis.handoff import CausalStep, Citation, Diagnosis, Hypothesis, Location
from agents.evidence import Evidence, LogEvent, Logs
from agents.fix.handoff import Edit, FixProposal, NewFile
from agents.monitor.handoff import AlarmSpec
from agents.triage.handoff import Triage

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

ALARM = AlarmFacts(
    incident_id=7,
    service="orders-service",
    alarm_name="orders-service-errors",
    alarm_description="Errors while showing orders",
    state_reason="Threshold Crossed: 1 datapoint [9.0] was greater than 3.0",
    state_changed_at=AT,
    metric="OrdersService/Errors",
    threshold="> 3 in 60 s",
    occurrences=2,
)

LOGS = Logs(
    events=[
        LogEvent(
            id="event-1",
            at=AT,
            log_group="/ecs/orders-service",
            log_stream="web/1",
            message="TypeError: Cannot read properties of undefined\n    at total (src/total.js:2:22)",
        )
    ],
    log_groups=["/ecs/orders-service"],
)

EVIDENCE = Evidence(logs=LOGS)


def a_triage(**changes: Any) -> Triage:
    fields: dict[str, Any] = {
        "classification": "real",
        "severity": "P2",
        "rule": "P2:partial-failure",
        "reason": "event-1 shows a crash while some orders are shown.",
        "fixable_in_code": True,
        "confidence": 0.9,
    }
    return Triage(**{**fields, **changes})


def a_diagnosis(*, function: str = "total", citation: str = "src/total.js:2") -> Diagnosis:
    return Diagnosis(
        title="The total of an order without lines crashes",
        root_cause="`total` reads the lines of an order without asking whether the order has any.",
        location=Location(path="src/total.js", function=function, line_start=1, line_end=3),
        causal_chain=[
            CausalStep(
                claim="The lines are read unconditionally.", citation=Citation(kind="code", reference=citation)
            ),
            CausalStep(
                claim="The service logs the crash.", citation=Citation(kind="log_event", reference="event-1")
            ),
        ],
        hypotheses=[
            Hypothesis(statement="The lines are missing.", verdict="confirmed", because="The code shows it.")
        ],
        confidence=0.9,
    )


TEST_SOURCE = (
    "const { total } = require('../src/total');\n"
    "\n"
    "test('an order without lines costs nothing', () => {\n"
    "  expect(total({})).toBe(0);\n"
    "});\n"
)


def a_proposal(*, search: str = "order.lines.reduce(", test: str = TEST_SOURCE) -> FixProposal:
    return FixProposal(
        rationale="An order without lines costs nothing, so the total starts from no lines.",
        edits=[Edit(path="src/total.js", search=search, replace="(order.lines ?? []).reduce(")],
        new_files=[NewFile(path="tests/total-without-lines.test.js", content=test)],
    )


def an_alarm(**changes: Any) -> AlarmSpec:
    fields: dict[str, Any] = {
        "name": "orders-service-total-crashes",
        "description": "Totals crash.",
        "namespace": "OrdersService",
        "metric_name": "TotalCrashes",
        "statistic": "Sum",
        "period_seconds": 60,
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
        "threshold": 3,
        "comparison_operator": "GreaterThanThreshold",
        "metric_filter": {"log_group": "/ecs/orders-service", "pattern": '"Cannot read properties of undefined"'},
    }
    return AlarmSpec(**{**fields, **changes})
