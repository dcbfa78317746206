"""What Langfuse receives of a stage, over the real export: the tree, tokens and cost, and no secret."""

import json
import os
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from agents.runtime.contract import Reply, Session, Usage
from agents.runtime.loop import run_agent
from agents.runtime.tests.scripted import Finding, ReadFile, ScriptedModel, brief, read, says, submit, text
from config import env
from core.errors import NeedsHuman
from incidents.choices import Stage
from incidents.models import StageRun
from incidents.tests.factories import IncidentFactory
from integrations.langfuse.client import traces, traces_flush
from integrations.langfuse.tests.configured import Configure, configure
from integrations.langfuse.tests.receiver import Receiver, receiving
from pipeline.run_budget import RunBudget
from pipeline.sessions import StageTranscript, listener_of
from pipeline.stages import stage_run

__all__ = ["configure"]  # the fixture

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def diagnose(run: StageRun, *replies: Reply) -> Finding:
    """Run an agent as a stage does, with a model that plays `replies`."""
    transcript = StageTranscript(run)
    session = Session(
        model=ScriptedModel(replies),
        transcript=transcript,
        budget=RunBudget(run.incident, run),
        listener=listener_of(run, transcript),
    )
    files: dict[str, str | Exception] = {"a.js": f"const key = '{SECRET}';"}
    return run_agent(brief(tools=[ReadFile(files)], task=f"The log says {SECRET}"), session)


def test_an_incident_is_one_trace_of_stages_agents_generations_and_tools(configure: Configure) -> None:
    incident = IncidentFactory.create()
    usage = Usage(input_tokens=10, output_tokens=5, cache_write_tokens=300, cache_read_tokens=4000)
    asks = Reply([text("I read."), read("a.js"), read("none.js")], "tool_use", usage, Decimal("0.0125"), "m-1")

    with receiving() as langfuse:
        configure(langfuse.url)
        for stage in (Stage.TRIAGE, Stage.DIAGNOSIS):
            stage_run(incident, stage, Finding, lambda run: diagnose(run, asks, says(submit())))
        traces_flush()

        assert langfuse.tree() == sorted(
            line
            for stage in ("triage 1.1", "diagnosis 1.1")
            for line in (
                f"span {stage} < trace",
                f"agent finder < {stage}",
                *["generation scripted < finder"] * 2,
                *["tool read_file < finder"] * 2,
            )
        )
        kept = set(StageRun.objects.values_list("trace_id", flat=True))
        assert {span.trace for span in langfuse.spans} == kept
        _check_figures(langfuse)
        assert SECRET not in "".join(span.raw for span in langfuse.spans)
        assert "[redacted:github-token]" in "".join(span.raw for span in langfuse.spans)


def _check_figures(langfuse: Receiver) -> None:
    usages = [
        json.loads(span.attributes["langfuse.observation.usage_details"])
        for span in langfuse.spans
        if span.kind == "generation"
    ]
    assert (
        usages.count(
            {"input": 10, "output": 5, "cache_read_input_tokens": 4000, "cache_creation_input_tokens": 300}
        )
        == 2
    )
    costs = {span.attributes.get("langfuse.observation.cost_details") for span in langfuse.spans}
    assert '{"total": 0.0125}' in costs


def test_what_goes_wrong_is_noted_without_its_secrets_and_raised_as_it_was(configure: Configure) -> None:
    def fails(_run: StageRun) -> Finding:
        raise NeedsHuman(f"the key {SECRET} is refused")

    with receiving() as langfuse:
        configure(langfuse.url)
        with pytest.raises(NeedsHuman, match=SECRET):
            stage_run(IncidentFactory.create(), Stage.REVIEW, Finding, fails)
        traces_flush()

    (span,) = langfuse.spans
    assert span.attributes["langfuse.observation.level"] == "ERROR"
    assert "is refused" in span.attributes["langfuse.observation.status_message"]
    assert SECRET not in span.raw


def test_a_dead_langfuse_delays_nothing_but_the_end_of_the_worker_by_its_timeout(configure: Configure) -> None:
    configure("http://127.0.0.1:1")
    traces()  # the SDK's import is not what is measured
    began = time.monotonic()
    stage_run(IncidentFactory.create(), Stage.TRIAGE, Finding, lambda run: diagnose(run, says(submit())))
    worked = time.monotonic()
    traces_flush()

    assert worked - began < 2
    assert time.monotonic() - worked < 10


def test_without_keys_nothing_is_traced_and_nothing_imported() -> None:
    traces.cache_clear()
    assert traces() is None

    script = (
        "import django, sys; django.setup(); import pipeline.tasks;"
        "from integrations.langfuse.client import traces;"
        "assert traces() is None; print([name for name in sys.modules if name.startswith('langfuse')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "PYTHONPATH": f"{env.BASE_DIR / 'platform'}{os.pathsep}{env.BASE_DIR}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(env.load().data_dir),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"
