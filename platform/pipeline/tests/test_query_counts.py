"""How often each stage asks the database: a bound for each, so that a loop of queries cannot creep in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.rehearsal import parcels
from config.rehearsal.nothing_outside import outside_replace
from incidents.choices import Stage, StageStatus, Status
from incidents.models import Incident, PullRequest, StageRun
from incidents.services import pull_request_merged
from integrations.localgit import host as localgit
from integrations.localgit.host import LocalGitHost
from integrations.localgit.models import LocalPullRequest
from pipeline import tasks
from pipeline.tests.stories import an_incident, status_of

# In the order of a run, each with what was counted when it was written: a stage that needs more says why.
BOUNDS: dict[str, tuple[Callable[[int], Any], int]] = {
    "triage": (tasks.triage, 27),
    "logs": (tasks.logs, 5),
    "commits": (tasks.commits, 4),
    "similar": (tasks.similar, 13),
    "owners": (tasks.owners, 4),
    "prepare": (tasks.prepare, 4),
    "diagnose": (tasks.diagnose, 49),
    "the first round": (tasks._next_round, 9),
    "propose": (lambda pk: tasks.propose(pk, 1, 1), 31),
    "trial": (lambda pk: tasks.trial(pk, 1, 1), 13),
    "the round that passed": (tasks._next_round, 13),
    "review": (tasks.review, 23),
    "gate": (tasks.gate, 13),
    "open_pull_request": (tasks.open_pull_request, 39),
    "merge": (tasks.merge, 22),
    "monitor": (tasks.monitor, 31),
}


@pytest.fixture
def incident(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> Incident:
    monkeypatch.setattr(parcels, "local_git_host", lambda: host)
    monkeypatch.setattr(localgit, "webhook_deliver", _told_at_once)
    outside_replace(monkeypatch.setattr)
    service = parcels.service_create(alarm_pattern="count-*", deployed=parcels.repository_import())
    return an_incident(service=service, status=Status.TRIAGING)


def _told_at_once(pk: int, *, address: str) -> bool:
    """Stand in for the way over the web server, which is no part of the stage."""
    told = LocalPullRequest.objects.get(pk=pk)
    known = PullRequest.objects.select_related("incident")
    ours = known.get(repository=told.repository, number=told.number)
    return pull_request_merged(pull_request=ours, merge_commit=told.merge_commit, actor="system:merge_webhook")


@pytest.mark.django_db(transaction=True)
def test_no_stage_asks_the_database_more_often_than_it_did(incident: Incident) -> None:
    counted = {}
    for name, (work, _) in BOUNDS.items():
        with CaptureQueriesContext(connection) as queries:
            work(incident.pk)
        counted[name] = len(queries)

    assert status_of(incident) == Status.RESOLVED
    done = StageRun.objects.filter(incident=incident, status=StageStatus.SUCCEEDED).values_list("stage", flat=True)
    assert set(done) == set(Stage)
    too_often = {name: count for name, count in counted.items() if count > BOUNDS[name][1]}
    assert too_often == {}
