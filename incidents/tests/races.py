"""What happens at the same moment as a test."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import sleep

from django.db import connection, transaction

from incidents.locks import advisory_lock
from incidents.models import Incident
from incidents.tests.factories import IncidentFactory


@contextmanager
def intake_opening(incident: Incident) -> Iterator[Future[int]]:
    """Let intake be about to commit another incident for the same alarm; its id comes once it has."""
    is_opening = Event()

    def intake() -> int:
        try:
            with transaction.atomic():
                advisory_lock(incident.fingerprint)
                opened = IncidentFactory.create(service=incident.service, fingerprint=incident.fingerprint)
                is_opening.set()
                sleep(1)
        finally:
            connection.close()
        return int(opened.pk)

    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(intake)
        assert is_opening.wait(timeout=10)
        yield opening
