"""The demo's conversations, held: the real agents against the stand-in that plays the demo's script."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.alarm import AlarmFacts
from agents.diagnosis.agent import diagnose
from agents.diagnosis.context import DiagnosisContext
from agents.diagnosis.handoff import Diagnosis
from agents.evidence import CommitNote, Commits, Evidence, LogEvent, Logs, Similar, SimilarIncident
from agents.fix.agent import ProposedFix, propose_fix
from agents.fix.context import FixContext, PreviousAttempt
from agents.monitor.agent import plan_monitors
from agents.monitor.context import MonitorContext
from agents.monitor.handoff import AlarmSpec
from agents.review.agent import review
from agents.review.context import ReviewContext
from agents.runtime.contract import Session
from agents.runtime.transcript import MemoryBudget, MemoryTranscript
from agents.tools.metric_data import MetricDataArguments
from agents.tools.metrics import metric_tools
from agents.triage.agent import triage
from agents.triage.context import LiveIncident, TriageContext
from agents.triage.handoff import Triage
from evals.tests.demo_material import DEMO, SERVICE, incidents
from integrations.anthropic.client import MessagesModel
from integrations.anthropic.script import load_script
from integrations.anthropic.standin import StandIn
from integrations.codehost import Checkout

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CHECKOUT_INCIDENT = 41


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(load_script(DEMO / "model_script.yaml")) as running:
        yield running


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The service with the history that the demo gives it."""
    folder = tmp_path_factory.mktemp("orders-service")
    sources = folder / "sources"
    sources.mkdir()
    git(sources, "init", "--quiet", "--initial-branch=main")
    for commit in incidents()["repository"]["commits"]:
        for path in commit["paths"]:
            (sources / path).parent.mkdir(parents=True, exist_ok=True)
            (sources / path).write_bytes((SERVICE / path).read_bytes())
        git(sources, "add", "--all")
        git(sources, "commit", "--quiet", f"--message={commit['subject']}")
    git(folder, "clone", "--quiet", "--bare", str(sources), "bare.git")
    commit = git(sources, "rev-parse", "HEAD")
    return Checkout(repository="demo/orders-service", commit=commit, path=sources, git_dir=folder / "bare.git")


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.test"))
    }
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **identity}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def session(standin: StandIn) -> Session:
    return session_with(standin)


def session_with(standin: StandIn) -> Session:
    transcript = MemoryTranscript()
    model = MessagesModel("claude-haiku-4-5", api_key="stand-in", base_url=standin.url)
    return Session(model=model, transcript=transcript, budget=MemoryBudget(Decimal(100), transcript))


def played(key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(incident for incident in incidents()["incidents"] if incident["key"] == key)
    return found


def alarm_of(key: str) -> AlarmFacts:
    alarm = played(key)["alarm"]
    return AlarmFacts(
        incident_id=CHECKOUT_INCIDENT if key == "checkout" else 57,
        service="orders-service",
        alarm_name=alarm["name"],
        alarm_description=alarm["description"],
        state_reason=alarm["state_reason"],
        state_changed_at=NOW,
        metric=f"{alarm['namespace']}/{alarm['metric_name']}",
        threshold=f"{alarm['comparison_operator']} {alarm['threshold']}",
        occurrences=1,
    )


def logs_of(key: str) -> Logs:
    """Return the events that match the alarm's filter, with ids as CloudWatch gives them: digits."""
    incident = played(key)
    pattern = incident["metric_filter"]["pattern"]
    events = [
        LogEvent(
            id=f"3881{number:04d}",
            at=NOW - timedelta(seconds=event["seconds_ago"]),
            log_group=incidents()["log_group"],
            log_stream=incident["log_stream"],
            message=event["message"],
        )
        for number, event in enumerate(incident["log_events"])
        if pattern.strip('"') in event["message"]
    ]
    return Logs(events=events, log_groups=[incidents()["log_group"]], filter_pattern=pattern)


def triaged(key: str, standin: StandIn) -> Triage:
    live = LiveIncident(
        id=CHECKOUT_INCIDENT,
        title="orders-service-checkout-errors: Orders that customers could not place",
        status="diagnosing",
        severity="P2",
        alarm_name=played("checkout")["alarm"]["name"],
        first_seen_at=NOW,
    )
    context = TriageContext(
        alarm=alarm_of(key),
        live_incidents=[] if key == "checkout" else [live],
        recent_logs=logs_of(key),
    )
    return triage(context, session_with(standin), is_live=lambda incident_id: incident_id == CHECKOUT_INCIDENT)


def diagnosed(key: str, standin: StandIn, checkout: Checkout) -> tuple[Diagnosis, Session]:
    session = session_with(standin)
    hashes = git(checkout.git_dir, "log", "--format=%H %s", checkout.commit).splitlines()
    notes = [
        CommitNote(sha=line[:40], author="Tomasz Rey", authored_at=NOW, subject=line[41:], paths=["src/app.js"])
        for line in hashes
    ]
    alike = SimilarIncident(id=7, title="orders-service-http-5xx", status="duplicate", distance=0.2)
    context = DiagnosisContext(
        alarm=alarm_of(key),
        triage=triaged(key, standin),
        evidence=Evidence(logs=logs_of(key), commits=Commits(commits=notes), similar=Similar(incidents=[alike])),
    )
    return diagnose(context, session, checkout=checkout), session


def fixed(
    diagnosis: Diagnosis,
    key: str,
    standin: StandIn,
    checkout: Checkout,
    *,
    previous: Sequence[PreviousAttempt] = (),
) -> ProposedFix:
    context = FixContext(
        alarm=alarm_of(key),
        diagnosis=diagnosis,
        attempt=len(previous) + 1,
        candidate=1,
        test_framework="jest",
        previous=list(previous),
    )
    return propose_fix(context, session_with(standin), checkout=checkout)


def failed(fix: ProposedFix, checkout: Checkout) -> PreviousAttempt:
    reason = "the new test still fails"
    return PreviousAttempt(diff=fix.patch.diff(checkout.path), verdict="still_failing", reason=reason)


@pytest.mark.parametrize(
    ("key", "classification", "severity", "duplicate_of"),
    [
        ("checkout", "real", "P2", None),
        ("slow", "noise", "P3", None),
        ("http", "duplicate", "P2", CHECKOUT_INCIDENT),
        ("payment", "real", "P1", None),
        ("refund", "real", "P1", None),
    ],
)
def test_triage_answers_each_alarm_of_the_story(
    key: str, classification: str, severity: str, duplicate_of: int | None, standin: StandIn
) -> None:
    answer = triaged(key, standin)

    assert (answer.classification, answer.severity, answer.duplicate_of) == (
        classification,
        severity,
        duplicate_of,
    )


def test_the_first_diagnosis_is_refused_and_the_second_stands(standin: StandIn, checkout: Checkout) -> None:
    diagnosis, session = diagnosed("checkout", standin, checkout)
    results = [
        block for step in session.transcript.steps() for block in step.content if block["type"] == "tool_result"
    ]

    assert diagnosis.location.function == "quoteShipping"
    assert ["selectShippingParcel" in str(block["content"]) for block in results if block["is_error"]] == [True]


@pytest.mark.parametrize(("key", "function"), [("payment", "describeCard"), ("refund", "parseAmount")])
def test_the_other_diagnoses_stand_at_once(key: str, function: str, standin: StandIn, checkout: Checkout) -> None:
    diagnosis, session = diagnosed(key, standin, checkout)
    results = [
        block for step in session.transcript.steps() for block in step.content if block["type"] == "tool_result"
    ]

    assert diagnosis.location.function == function
    assert not any(block["is_error"] for block in results)


def test_the_second_round_changes_another_place_than_the_first(standin: StandIn, checkout: Checkout) -> None:
    diagnosis, _ = diagnosed("checkout", standin, checkout)

    first = fixed(diagnosis, "checkout", standin, checkout)
    second = fixed(diagnosis, "checkout", standin, checkout, previous=[failed(first, checkout)])

    assert set(first.patch.files) == {"src/shipping/parcels.js", "tests/shipping/quote.test.js"}
    assert set(second.patch.files) == {"src/shipping/quote.js", "tests/shipping/quote.test.js"}


@pytest.mark.parametrize(("key", "risk"), [("checkout", "LOW"), ("payment", "HIGH"), ("refund", "HIGH")])
def test_every_fix_is_reviewed(
    key: str, risk: str, standin: StandIn, checkout: Checkout, session: Session
) -> None:
    diagnosis, _ = diagnosed(key, standin, checkout)
    fix = fixed(diagnosis, key, standin, checkout)
    if key == "checkout":
        fix = fixed(diagnosis, key, standin, checkout, previous=[failed(fix, checkout)])
    context = ReviewContext(
        diagnosis=diagnosis,
        diff=fix.patch.diff(checkout.path),
        rationale=fix.proposal.rationale,
        verdict="fixed",
        fail_to_pass=["tests/shipping/quote.test.js::digital goods alone cost no shipping"],
        pass_to_pass=79,
    )

    answer = review(context, session)

    assert (answer.decision, answer.risk) == ("approve", risk)
    assert {finding.path for finding in answer.findings} <= set(fix.patch.files)


class NoMetrics:
    """A CloudWatch that has the demo's alarms only and finds nothing wrong."""

    def list_metrics(self, namespace: str) -> list[str]:
        return []

    def list_alarms(self, prefix: str) -> list[str]:
        return [incident["alarm"]["name"] for incident in incidents()["incidents"]]

    def list_metric_filters(self, log_group: str) -> list[str]:
        return [incident["metric_filter"]["name"] for incident in incidents()["incidents"]]

    def datapoints(self, asked: MetricDataArguments) -> list[tuple[datetime, float]]:
        return []

    def matching_events(self, log_group: str, pattern: str) -> list[str] | None:
        return []

    def dry_run_alarm(self, spec: AlarmSpec) -> list[str]:
        return []


def test_one_alarm_is_planned_on_the_path_that_was_fixed(
    standin: StandIn, checkout: Checkout, session: Session
) -> None:
    diagnosis, _ = diagnosed("checkout", standin, checkout)
    context = MonitorContext(
        service="orders-service",
        incident_id=CHECKOUT_INCIDENT,
        diagnosis=diagnosis,
        diff="diff --git a/src/shipping/quote.js b/src/shipping/quote.js\n",
        alarm=alarm_of("checkout"),
        log_groups=[incidents()["log_group"]],
    )

    plan = plan_monitors(context, session, tools=metric_tools(NoMetrics()))

    assert [alarm.name for alarm in plan.alarms] == ["orders-service-shipping-quote-errors"]
