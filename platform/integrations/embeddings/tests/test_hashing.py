"""What reads alike is near; what only differs in ids and times is the same."""

import math

from hypothesis import given
from hypothesis import strategies as st

from core.embedding import EMBEDDING_DIMENSIONS
from integrations.embeddings import embedder


def distance(first: str, second: str) -> float:
    [one, two] = embedder().embed([first, second])
    return 1 - sum(a * b for a, b in zip(one, two, strict=True))


@given(st.text())
def test_every_text_has_an_embedding_of_length_one(text: str) -> None:
    [vector] = embedder().embed([text])

    assert len(vector) == EMBEDDING_DIMENSIONS
    assert math.isclose(math.hypot(*vector), 1.0)


def test_ids_numbers_and_times_do_not_count() -> None:
    first = "2026-11-24T04:27:52Z order ord_e500c472 failed after 17 ms: Reduce of empty array"
    second = "2025-01-02T11:00:00Z order ord_77aa9be1 failed after 4 ms: Reduce of empty array"

    assert math.isclose(distance(first, second), 0.0, abs_tol=1e-9)


def test_the_same_error_in_other_words_is_nearer_than_another_error() -> None:
    error = "TypeError in checkout: Reduce of empty array with no initial value at heaviestParcel"
    alike = "checkout failed: TypeError Reduce of empty array, heaviestParcel in parcels.js"
    other = "Payment provider answered 503, circuit breaker is open for refunds"

    assert distance(error, alike) < 0.6 < distance(error, other)
