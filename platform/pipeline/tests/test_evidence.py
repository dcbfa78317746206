"""Evidence: each piece stands alone, says what it is missing, and shows nothing that a model must not see."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agents.evidence import Commits, Logs, Owners, Similar
from agents.tests.stories import a_diagnosis
from core.errors import PlatformError, Unavailable
from incidents import similarity
from incidents.choices import Stage, StageStatus, Status
from incidents.models import Incident, StageRun
from integrations.cloudwatch.log_search import FoundEvent, FoundLogs
from integrations.codehost import CodeHostError
from integrations.localgit.host import LocalGitHost
from pipeline import evidence, tasks
from pipeline.facts import evidence_of
from pipeline.stages import stage_output
from pipeline.tests.stories import a_tried_fix, an_incident, move, stage_done, status_of

pytestmark = pytest.mark.django_db

KEY = "AKIAQWERTYUIOPASDFGH"


class Watch:
    """A CloudWatch with one log event, or with an error instead."""

    def __init__(self, message: str = "", *, error: PlatformError | None = None) -> None:
        self._message = message
        self._error = error

    def log_events(self, _alarm: object, *, log_groups: list[str]) -> FoundLogs:
        if self._error:
            raise self._error
        at = datetime(2026, 11, 24, tzinfo=UTC)
        events = [FoundEvent("event-1", at, log_groups[0], "web/1", self._message)] if self._message else []
        return FoundLogs(events=events, log_groups=log_groups, filter_pattern="?ERROR")


@pytest.fixture
def incident(host: LocalGitHost) -> Incident:
    return an_incident(status=Status.DIAGNOSING)


def watched(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    monkeypatch.setattr(evidence, "cloudwatch_at", lambda _alarm: watch)


def test_a_piece_whose_source_is_unavailable_says_so_and_stops_nothing(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(monkeypatch, Watch(error=Unavailable("cloudwatch", f"no route with {KEY}")))

    for task in (tasks.logs, tasks.commits, tasks.similar, tasks.owners):
        task(incident.pk)

    found = evidence_of(incident)
    assert found.logs == Logs(missing="no route with [redacted:aws-access-key]")
    assert len(found.commits.commits) == 2
    assert found.owners.owners
    assert status_of(incident) == Status.DIAGNOSING
    assert set(StageRun.objects.values_list("status", flat=True)) == {StageStatus.SUCCEEDED}


@pytest.mark.parametrize("stage", [Stage.COMMITS, Stage.OWNERS])
def test_a_repository_that_cannot_be_read_is_a_missing_piece(
    incident: Incident, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    def refused(*_arguments: object) -> None:
        raise CodeHostError("there is no repository demo/orders")

    monkeypatch.setattr(evidence, "deployed_checkout", refused)

    evidence.evidence_collect(incident, stage)

    outputs: dict[Stage, type[Commits] | type[Owners]] = {Stage.COMMITS: Commits, Stage.OWNERS: Owners}
    piece = stage_output(incident, stage, outputs[stage])
    assert piece.missing == "there is no repository demo/orders"


def test_the_log_piece_is_redacted_before_it_is_stored(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(monkeypatch, Watch(f"TypeError while signing with {KEY}"))

    tasks.logs(incident.pk)

    [event] = stage_output(incident, Stage.LOGS, Logs).events
    assert (event.id, event.message) == ("event-1", "TypeError while signing with [redacted:aws-access-key]")
    assert KEY not in str(StageRun.objects.get().output)


def test_a_log_without_matches_says_where_was_looked(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, Watch())

    tasks.logs(incident.pk)

    assert stage_output(incident, Stage.LOGS, Logs).missing == "no log event matched in /ecs/orders"


def test_a_piece_is_collected_once(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, Watch("first"))
    tasks.logs(incident.pk)

    watched(monkeypatch, Watch("second"))
    tasks.logs(incident.pk)

    assert stage_output(incident, Stage.LOGS, Logs).events[0].message == "first"


def test_commits_are_those_that_led_to_the_deployed_one(incident: Incident) -> None:
    tasks.commits(incident.pk)

    newest, oldest = stage_output(incident, Stage.COMMITS, Commits).commits
    incident.refresh_from_db()
    assert newest.sha == incident.deployed_commit
    assert (newest.author, newest.subject, oldest.subject) == ("Bo", "Add totals", "Begin")
    assert "src/total.js" in newest.paths


def test_owners_come_from_the_service_and_from_the_repository(incident: Incident) -> None:
    incident.service.owners = ["on-call"]
    incident.service.save()

    tasks.owners(incident.pk)

    assert stage_output(incident, Stage.OWNERS, Owners).owners == ["@ada", "@orders-team", "on-call"]


def test_similar_shows_what_is_suggested_as_it_stands_now(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = an_incident(service=incident.service, status=Status.DIAGNOSING, title="as it was")
    an_incident(service=incident.service, title="never embedded")
    foreign = an_incident(status=Status.DIAGNOSING)
    for other in (past, foreign):
        tasks.similar(other.pk)
    stage_done(past, Stage.DIAGNOSIS, a_diagnosis())
    a_tried_fix(past)
    # What the index found can change before it is read: it gives ids, the rows give the rest.
    suggests = similarity.similar_candidates

    def then_it_changes(**keywords: Any) -> object:
        found = suggests(**keywords)
        Incident.objects.filter(pk=past.pk).update(title="as it is")
        move(past, Status.RESOLVED)
        return found

    monkeypatch.setattr(evidence, "similar_candidates", then_it_changes)

    tasks.similar(incident.pk)

    [similar] = stage_output(incident, Stage.SIMILAR, Similar).incidents
    assert (similar.id, similar.title, similar.status) == (past.pk, "as it is", Status.RESOLVED)
    assert similar.root_cause == a_diagnosis().root_cause
    assert similar.fix_summary == "The module exported nothing."
    assert 0 <= similar.distance < 1
