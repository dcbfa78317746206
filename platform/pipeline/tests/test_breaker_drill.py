"""A provider that is down under running incidents, on a real worker and broker, with the real agents and client.

The clock is shortened: the provider is away for 6 s instead of 2 minutes, and pauses, breaker and sweeper are
short in the same measure. The sandbox and the logs are stand-ins; everything else is the product's own.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings

from agents.tests.stories import a_diagnosis, a_proposal, a_triage
from config import celery_app
from core.resilience import breaker, retry
from core.resilience.breaker import breaker_states
from incidents.choices import Risk, Stage, Status
from incidents.models import Incident, PullRequest, Transition
from incidents.tests.factories import ServiceFactory
from integrations.anthropic.client import messages_model
from integrations.anthropic.script import Script
from integrations.anthropic.standin import Outage, StandIn
from integrations.cloudwatch.alarm import Alarm
from integrations.cloudwatch.errors import CloudWatchError
from integrations.localgit.host import LocalGitHost
from pipeline import evidence, fixes, graph, preparation
from pipeline.stages import stage_run
from pipeline.sweeper import sweep
from pipeline.tests.stories import REPOSITORY, a_preparation, a_report, a_review, an_incident

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

INCIDENTS = 20
DOWN_SECONDS = 6.0
DIAGNOSIS = a_diagnosis()
HANDOFFS = {
    "triage": a_triage(reason="The alarm says that some orders cannot be shown."),
    # No log event is cited: this story has no logs.
    "diagnosis": DIAGNOSIS.model_copy(update={"causal_chain": DIAGNOSIS.causal_chain[:1]}),
    "fix": a_proposal(),
    "review": a_review(),
}
SCRIPT = Script.model_validate(
    {
        "latency_seconds": 0.2,
        "scenarios": [
            {
                "name": agent,
                "when": {"tool": f"submit_{agent}"},
                "turns": [
                    {
                        "content": [
                            {
                                "type": "tool_use",
                                "name": f"submit_{agent}",
                                "input": handoff.model_dump(mode="json"),
                            }
                        ]
                    }
                ],
            }
            for agent, handoff in HANDOFFS.items()
        ],
    }
)


@pytest.fixture
def standin(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    def no_logs(_alarm: Alarm) -> None:
        raise CloudWatchError("this story has no logs")

    monkeypatch.setattr(evidence, "cloudwatch_at", no_logs)
    monkeypatch.setattr(preparation, "sandbox_prepare", _prepare)
    monkeypatch.setattr(fixes, "configured", lambda: None)
    monkeypatch.setattr(fixes, "prepared_in", lambda _sandbox, _incident: None)
    monkeypatch.setattr(fixes, "try_fix", lambda _sandbox, _prepared, patch, *, baseline: a_report(patch))
    monkeypatch.setattr(retry, "LONGEST_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(breaker, "LONGEST_OPEN_SECONDS", 2.0)
    with StandIn(SCRIPT) as running:
        short = {
            "anthropic_base_url": running.url,
            "anthropic_api_key": None,
            "breaker_open_seconds": 0.5,
            "pipeline_sweep_seconds": 1,
        }
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=short))
        messages_model.cache_clear()
        yield running
        messages_model.cache_clear()


def _prepare(incident: Incident) -> None:
    made = a_preparation(incident)
    stage_run(incident, Stage.PREPARE, preparation.Preparation, lambda _run: made)


def sweeping_until(is_so: Callable[[], bool], *, seconds: float) -> bool:
    """Sweep as beat would until `is_so`; return whether it came to that in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        sweep()
        time.sleep(0.5)
    return True


def count(status: Status) -> int:
    return Incident.objects.filter(status=status).count()


def test_a_provider_that_is_down_under_twenty_incidents_delays_them_and_fails_none(
    standin: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    # Twenty fixes of one file at once are a risk of their own, which is not what is asked here.
    service = ServiceFactory.create(repository=REPOSITORY, approval_threshold=Risk.CRITICAL)
    incidents = [an_incident(service=service) for _ in range(INCIDENTS)]
    celery_app.control.purge()

    with start_worker(celery_app, pool="threads", concurrency=8, perform_ping_check=False, shutdown_timeout=60):
        for incident in incidents:
            graph.advance(incident.pk)
        assert sweeping_until(lambda: len(standin.played) >= 10, seconds=60)

        standin.outage = Outage()
        sweeping_until(lambda: False, seconds=DOWN_SECONDS)
        during = {found.name: found for found in breaker_states()}["anthropic"]
        parked = Incident.objects.filter(status_reason__startswith="Waiting for anthropic: ").count()
        standin.outage = None

        finished = sweeping_until(lambda: count(Status.PR_OPEN) == INCIDENTS, seconds=180)

    statuses = list(Incident.objects.values_list("status", "status_reason"))
    assert finished, statuses
    assert during.state != "closed"
    assert parked > 0
    assert not Transition.objects.filter(target=Status.NEEDS_HUMAN).exists()
    assert PullRequest.objects.count() == INCIDENTS
    # Without the breaker each incident would have gone on asking: three attempts at every sweep.
    assert standin.refused_in_outage < INCIDENTS * 3
    # Nothing that was paid for was asked again.
    assert Counter(played.scenario for played in standin.played) == dict.fromkeys(HANDOFFS, INCIDENTS)
    with capsys.disabled():
        sys.stdout.write(
            f"\nprovider down for {DOWN_SECONDS:.0f} s (shortened from 120) under {INCIDENTS} incidents: {parked} "
            f"parked, {standin.refused_in_outage} refused calls, {INCIDENTS} finished, 0 in needs_human\n"
        )
    assert {found.name: found.state for found in breaker_states()}["anthropic"] == "closed"
