"""From triage's mistake to the next evaluation: what a person relabels becomes a case that can be answered."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from agents.evidence import LogEvent, Logs
from agents.tests.scripted import ScriptedModel, submission
from agents.tests.stories import a_triage
from evals import baselines
from evals.golden.case import GoldenAlarm, cases_read, cases_write
from evals.golden.lint import lint
from evals.played import PlayedModel
from evals.purse import Purse
from evals.suites.contract import Desk
from evals.suites.triage import triage_answer
from incidents.choices import Classification, GoldenCaseState, Severity, Status
from incidents.models import Incident
from incidents.relabelling import incident_relabel
from integrations.localgit.host import LocalGitHost
from pipeline import sessions, tasks, triages
from pipeline.tests.stories import an_incident

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
CRASH = (
    "TypeError: cannot read 'total' of undefined\n    at charge (/app/src/charge.js:12:9) password=hunter2hunter2"
)


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch, host: LocalGitHost) -> Incident:
    """An incident that triage wrongly called noise, beside a live one of its service."""
    event = LogEvent(id="e-1", at=AT, log_group="/ecs/orders", log_stream="web/1", message=CRASH)
    monkeypatch.setattr(
        triages, "logs_or_missing", lambda _incident: Logs(events=[event], log_groups=["/ecs/orders"])
    )
    verdict = a_triage(classification="noise", severity="P3")
    monkeypatch.setattr(sessions, "messages_model", lambda _name: ScriptedModel([submission("triage", verdict)]))
    incident = an_incident(status=Status.TRIAGING)
    other = an_incident(service=incident.service, status=Status.FIXING, title="Parcels are late")
    other.events.update(alarm_name="orders-parcels")
    tasks.triage(incident.pk)
    incident.refresh_from_db()
    assert incident.status == Status.NOISE
    # What comes later is not what triage saw.
    an_incident(service=incident.service, status=Status.DIAGNOSING, title="A later one")
    return incident


def exported(incident: Incident, output: Path) -> GoldenAlarm:
    ada = User.objects.create_user("ada")
    labelled = incident_relabel(
        incident=incident,
        user=ada,
        classification=Classification.REAL,
        severity=Severity.P1,
        why="Every charge crashed.",
    )
    labelled.case.state = GoldenCaseState.REVIEWED
    labelled.case.save()
    cases_write(cases_read(), output)
    call_command("export_golden", output=output)
    return cases_read(output)[-1]


def test_noise_that_a_person_calls_real_keeps_all_that_triage_saw(dropped: Incident, tmp_path: Path) -> None:
    case = exported(dropped, tmp_path / "set.jsonl")

    [event] = case.logs.events
    assert (event.id, event.at, event.log_group, event.log_stream) == ("e-1", AT, "/ecs/orders", "web/1")
    assert event.message == CRASH.replace("hunter2hunter2", "[redacted:credential]")
    [other] = case.live
    assert (other.title, other.alarm_name) == ("Parcels are late", "orders-parcels")
    assert (case.expected.classification, case.expected.severity) == ("real", "P1")


def test_such_a_case_is_sound_among_the_others_and_triage_can_be_asked_it(
    dropped: Incident, tmp_path: Path
) -> None:
    case = exported(dropped, tmp_path / "set.jsonl")

    found = lint(cases_read(tmp_path / "set.jsonl"), guess=lambda texts, labels, groups: ["none"] * len(texts))
    answer = triage_answer(
        case, Desk("gold", Purse(None)), PlayedModel("gold", lambda _task: baselines.gold(case))
    )

    assert found.errors == []
    assert answer.classification == "real"
