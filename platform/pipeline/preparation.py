"""The sandbox made ready while the agents think: dependencies installed, baseline tests run."""

from pydantic import BaseModel

from core.errors import NeedsHuman
from incidents.choices import Stage
from incidents.models import Incident
from pipeline.facts import deployed_checkout
from pipeline.stages import stage_run
from sandbox.baseline import baseline_measure
from sandbox.contract import Baseline, Prepared, Sandbox
from sandbox.runners import configured


class NoBaseline(NeedsHuman):
    """Without a report on the unchanged commit no fix can be judged."""

    exit_reason = "NoBaseline"


class Preparation(BaseModel):
    """A prepared commit and how its tests stand before any change. Version 1."""

    prepared: Prepared
    baseline: Baseline


def sandbox_prepare(incident: Incident) -> None:
    """Install the deployed commit's dependencies and measure its baseline, once."""

    def work(_run: object) -> Preparation:
        sandbox = configured()
        prepared = prepared_in(sandbox, incident)
        baseline = baseline_measure(sandbox, prepared)
        if baseline.no_verdict:
            raise NoBaseline(
                f"The tests of {incident.service} say nothing on the unchanged commit, not even with more time "
                f"and memory: {baseline.no_verdict}. Check its test command, then resume. "
                f"Output: {baseline.output[-500:]}"
            )
        return Preparation(prepared=prepared, baseline=baseline)

    stage_run(incident, Stage.PREPARE, Preparation, work)


def prepared_in(sandbox: Sandbox, incident: Incident) -> Prepared:
    """Return the deployed commit prepared in this worker's sandbox; what is cached there takes no time."""
    service = incident.service
    return sandbox.prepare(
        deployed_checkout(incident).path,
        repository=service.repository,
        test_command=service.test_command,
        image=service.sandbox_image,
    )
