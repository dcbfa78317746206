"""A lease lasts while its worker works, through a database that is away for a moment, and no longer than that."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from incidents.choices import Stage, StageStatus
from incidents.models import StageRun
from pipeline import leases
from pipeline.leases import Leases
from pipeline.tests.stories import an_incident

pytestmark = pytest.mark.django_db(transaction=True)

LEASE_SECONDS = 0.9


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"lease_seconds": LEASE_SECONDS}))


def a_run(stage: Stage = Stage.TRIAGE) -> StageRun:
    now = timezone.now()
    until = now + timedelta(seconds=LEASE_SECONDS)
    return StageRun.objects.create(incident=an_incident(), stage=stage, started_at=now, lease_expires_at=until)


def expires_at(run: StageRun) -> datetime:
    at = StageRun.objects.get(pk=run.pk).lease_expires_at
    assert at is not None
    return at


@contextmanager
def a_while() -> Iterator[None]:
    yield
    time.sleep(2 * LEASE_SECONDS)


def test_the_leases_of_all_runs_are_renewed_until_their_work_is_done() -> None:
    kept, first, second = Leases(), a_run(), a_run(Stage.LOGS)

    with kept.kept(first):
        with kept.kept(second), a_while():
            pass
        ended = expires_at(second)
        assert min(expires_at(first), ended) > timezone.now()
        time.sleep(LEASE_SECONDS)
        assert expires_at(second) == ended
        assert expires_at(first) > timezone.now()


def test_a_run_that_another_worker_took_over_is_left_alone() -> None:
    run = a_run()
    with Leases().kept(run), a_while():
        until = expires_at(run)
        StageRun.objects.filter(pk=run.pk).update(claims=run.claims + 1)

    assert expires_at(run) == until


def test_a_database_that_is_away_for_a_moment_ends_no_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    run, renew, calls = a_run(), leases._renew, []

    def fails_once(held: list[tuple[int, int]]) -> None:
        calls.append(held)
        if len(calls) == 1:
            raise OperationalError("the connection is closed")
        renew(held)

    monkeypatch.setattr(leases, "_renew", fails_once)
    with Leases().kept(run), a_while():
        pass

    assert len(calls) > 1
    assert expires_at(run) > timezone.now()


def test_a_thread_that_has_nothing_left_ends_and_the_next_run_begins_one() -> None:
    kept, first, second = Leases(), a_run(), a_run(Stage.LOGS)
    with kept.kept(first):
        pass
    time.sleep(LEASE_SECONDS)
    assert kept._thread is None

    with kept.kept(second), a_while():
        pass

    assert expires_at(second) > timezone.now()
    assert StageRun.objects.filter(status=StageStatus.RUNNING).count() == 2
