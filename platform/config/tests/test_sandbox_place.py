"""A worker that tries fixes says at its start where it does."""

from types import SimpleNamespace

import pytest
from celery import Celery
from structlog.testing import capture_logs

from config.celery import say_where_tests_run
from sandbox import runners


@pytest.mark.parametrize(
    ("queue", "where", "level"),
    [
        ("sandbox", ("tests run in containers without network", True), "info"),
        ("sandbox", ("the engine's runtime does NOT keep a limit on memory", False), "warning"),
        ("agents", ("nowhere", False), None),
    ],
)
def test_a_worker_of_the_sandbox_queue_says_where_tests_run(
    monkeypatch: pytest.MonkeyPatch, queue: str, where: tuple[str, bool], level: str | None
) -> None:
    monkeypatch.setattr(runners, "where_tests_run", lambda: where)
    app = Celery("worker", set_as_current=False)
    app.amqp.queues.select([queue])

    with capture_logs() as logs:
        say_where_tests_run(sender=SimpleNamespace(app=app))

    assert [(line["where"], line["log_level"]) for line in logs] == ([(where[0], level)] if level else [])
