"""Log lines: structured, and without secrets."""

import json
import logging
import logging.config

import pytest
import structlog
from django.conf import settings

from config import celery
from config.tests.deployment import run
from incidents.choices import Status
from incidents.models import Incident
from pipeline.stages import step
from pipeline.tests.stories import an_incident


@pytest.mark.parametrize("name", ["SECRET_KEY", "GITHUB_WEBHOOK_SECRET"])
def test_a_log_line_never_holds_a_secret_of_this_installation(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = getattr(settings, name)
    logging.config.dictConfig(settings.LOGGING)

    structlog.get_logger("ours").warning("odd.value", value=f"it was {secret}!")
    logging.getLogger("a.library").warning("it was %s!", secret)

    written = capsys.readouterr().err
    assert "odd.value" in written
    assert written.count("[redacted:secret]") == 2
    assert secret not in written


def test_a_traceback_and_what_is_nested_hold_no_secret_either(capsys: pytest.CaptureFixture[str]) -> None:
    secret = settings.SECRET_KEY
    logging.config.dictConfig(settings.LOGGING)

    try:
        raise ValueError(f"cannot use {secret}")
    except ValueError as error:
        structlog.get_logger("ours").exception("broke", tried=[{"with": secret}], error=error)
        logging.getLogger("a.library").exception("broke as well")

    written = capsys.readouterr().err
    assert written.count("Traceback") == 2
    assert written.count("[redacted:secret]") >= 4
    assert secret not in written


@pytest.mark.django_db
def test_a_log_line_of_a_task_names_the_task_the_incident_and_the_step(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(settings.LOGGING)
    incident = an_incident(status=Status.TRIAGING)

    class Named:
        name = "pipeline.triage"

    @step(Status.TRIAGING)
    def triage(_incident: Incident) -> None:
        logging.getLogger("a.library").warning("inside")

    celery.name_the_task(task_id="the-id", task=Named())
    triage(incident.pk)
    celery.forget_the_task()
    logging.getLogger("a.library").warning("outside")

    inside, outside = capsys.readouterr().err.splitlines()
    for named in ("task='pipeline.triage'", "task_id='the-id'", f"incident={incident.pk}", "step='triage'"):
        assert named in inside
        assert named not in outside


def test_outside_the_embedded_mode_each_line_is_a_json_object() -> None:
    code = (
        "import logging, django; django.setup()\n"
        "import structlog\n"
        "structlog.get_logger('ours').warning('odd.value', incident=7)\n"
        "logging.getLogger('a.library').warning('plain words')\n"
    )

    done = run("-c", code)

    ours, library = (json.loads(line) for line in done.stderr.splitlines())
    assert (ours["event"], ours["incident"], ours["level"], ours["logger"]) == ("odd.value", 7, "warning", "ours")
    assert (library["event"], library["logger"]) == ("plain words", "a.library")
