"""Vectors follow what is known, and move from one embedder to another while everything runs."""

from collections.abc import Sequence
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.embedding import EMBEDDING_DIMENSIONS
from core.errors import Unavailable
from incidents.models import Incident
from incidents.similarity import not_indexed_by
from pipeline import indexing
from pipeline.indexing import incident_refresh
from pipeline.management.commands import reindex
from pipeline.tests.stories import an_incident

pytestmark = pytest.mark.django_db


class Counting:
    """An embedder that counts its calls, and is away when told so."""

    name = "counting"

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.is_away = False

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.is_away:
            raise Unavailable("embeddings", "nobody answers")
        self.batches.append(len(texts))
        return [[1.0, *[0.0] * (EMBEDDING_DIMENSIONS - 1)] for _ in texts]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    model = Counting()
    monkeypatch.setattr(indexing, "embedder", lambda: model)
    monkeypatch.setattr(reindex, "embedder", lambda: model)
    return model


def test_every_incident_is_embedded_once_in_batches(counting: Counting) -> None:
    for _ in range(5):
        an_incident()
    output = StringIO()

    call_command("reindex", batch=2, stdout=output)
    call_command("reindex", batch=2, stdout=output)

    assert counting.batches == [2, 2, 1]
    assert not not_indexed_by("counting").exists()
    assert output.getvalue().splitlines() == [
        "5 incidents embedded by counting; every incident is.",
        "0 incidents embedded by counting; every incident is.",
    ]


def test_an_embedder_that_is_away_is_said_and_what_was_done_stays(counting: Counting) -> None:
    an_incident()
    counting.is_away = True

    with pytest.raises(CommandError, match="nobody answers"):
        call_command("reindex")

    assert Incident.objects.get().embedding_model == ""


def test_refreshing_stops_nothing_when_the_embedder_is_away(counting: Counting) -> None:
    incident = an_incident()
    incident_refresh(incident)
    counting.is_away = True

    incident_refresh(incident)

    assert Incident.objects.get().embedding_model == "counting"
