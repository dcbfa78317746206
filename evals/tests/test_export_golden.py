"""What people say about real incidents becomes the next evaluation's cases, reviewed and without secrets."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from evals.golden.case import cases_read
from incidents.choices import Classification, GoldenCaseState, Severity
from incidents.models import GoldenCase
from incidents.tests.factories import EventFactory, IncidentFactory

pytestmark = pytest.mark.django_db


def labelled(message: str = "retried and done", **fields: Any) -> GoldenCase:
    incident = IncidentFactory(classification=Classification.NOISE)
    event = EventFactory(incident=incident)
    other = IncidentFactory(service=incident.service, title="Totals crash")
    EventFactory(incident=other, alarm_name="orders-errors")
    log = {
        "id": "event-1",
        "at": "2026-06-01T09:00:00Z",
        "log_group": "/ecs/orders",
        "log_stream": "web/1",
        "message": message,
    }
    defaults: dict[str, Any] = {
        "incident": incident,
        "material": {
            "alarm": event.alarm,
            "logs": {"events": [log], "log_groups": ["/ecs/orders"]},
            "live_incidents": [{"id": other.pk, "title": other.title, "status": "fixing", "severity": "P2"}],
        },
        "was_classification": Classification.REAL,
        "classification": Classification.NOISE,
        "severity": Severity.P3,
        "why": "The retry succeeded each time.",
        "provenance": "admin",
        "labelled_at": timezone.now(),
        "state": GoldenCaseState.REVIEWED,
    }
    return GoldenCase.objects.create(**{**defaults, **fields})


def export(output: Path, **options: Any) -> None:
    call_command("export_golden", output=output, **options)


def test_a_reviewed_label_becomes_a_case_once(tmp_path: Path) -> None:
    golden = labelled()

    export(tmp_path / "set.jsonl")
    export(tmp_path / "set.jsonl")

    [case] = cases_read(tmp_path / "set.jsonl")
    golden.refresh_from_db()
    assert golden.exported_at is not None
    assert case.id == f"production-{golden.pk}"
    assert case.provenance == "production: admin"
    assert (case.expected.classification, case.expected.severity) == ("noise", "P3")
    assert case.live[0].alarm_name == "orders-errors"
    assert case.context.recent_logs.events[0].message == "retried and done"


def test_what_nobody_has_reviewed_stays_out(tmp_path: Path) -> None:
    labelled(state=GoldenCaseState.LABELLED)
    labelled(state=GoldenCaseState.EXCLUDED)

    export(tmp_path / "set.jsonl")

    assert cases_read(tmp_path / "set.jsonl") == []


def test_secrets_are_taken_out_once_more(tmp_path: Path) -> None:
    labelled("login with password=hunter2hunter2 failed, retried and done")

    export(tmp_path / "set.jsonl")

    assert "hunter2" not in (tmp_path / "set.jsonl").read_text()


def test_a_case_that_tells_its_answer_is_refused_and_stays_for_another_time(tmp_path: Path) -> None:
    golden = labelled("somebody wrote that this is a false alarm")

    with pytest.raises(CommandError, match="which is an answer; edit its material or exclude it"):
        export(tmp_path / "set.jsonl")

    golden.refresh_from_db()
    assert golden.exported_at is None
    assert cases_read(tmp_path / "set.jsonl") == []


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    golden = labelled()

    export(tmp_path / "set.jsonl", dry_run=True)

    golden.refresh_from_db()
    assert golden.exported_at is None
    assert not (tmp_path / "set.jsonl").exists()
