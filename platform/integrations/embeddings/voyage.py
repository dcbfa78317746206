"""Vectors from Voyage AI's HTTP API (docs.voyageai.com, "Text embeddings")."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError

from core.embedding import EMBEDDING_DIMENSIONS
from core.errors import PlatformError, Unavailable

SYSTEM = "embeddings"
MODEL = "voyage-3.5"
# The API takes at most 128 texts in a request.
BATCH = 128
# Longer texts say nothing more about an error, and a request has a limit of tokens.
LONGEST_TEXT = 8000
TIMEOUT_SECONDS = 20.0


class EmbeddingsRefused(PlatformError):
    """The embedder cannot be used as it is set up; the text says what to change."""


class _Vector(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    """The part of the API's answer that is read."""

    data: list[_Vector]


class VoyageEmbedder:
    name = f"voyage:{MODEL}"

    def __init__(self, *, api_key: str, base_url: str) -> None:
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=TIMEOUT_SECONDS,
        )

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for each text. Raises EmbeddingsRefused, and Unavailable for a temporary fault."""
        batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
        return [vector for batch in batches for vector in self._batch(batch)]

    def _batch(self, texts: Sequence[str]) -> Iterator[list[float]]:
        request = {
            # The API refuses an empty text.
            "input": [text[:LONGEST_TEXT] or " " for text in texts],
            "model": MODEL,
            "input_type": "document",
            "output_dimension": EMBEDDING_DIMENSIONS,
        }
        try:
            answer = self._client.post("/embeddings", json=request)
        except httpx.HTTPError as error:
            raise Unavailable(SYSTEM, f"Voyage AI cannot be reached ({type(error).__name__}: {error}).") from error
        _check(answer)
        try:
            vectors = {row.index: row.embedding for row in _Answer.model_validate_json(answer.content).data}
        except ValidationError as error:
            raise Unavailable(SYSTEM, f"Voyage AI answered something else than vectors: {error}") from error
        lengths = {*map(len, vectors.values())}
        if sorted(vectors) != list(range(len(texts))) or lengths != {EMBEDDING_DIMENSIONS}:
            raise Unavailable(
                SYSTEM,
                f"Voyage AI gave {len(vectors)} vectors of {sorted(lengths)} numbers for {len(texts)} texts.",
            )
        return (vectors[index] for index in range(len(texts)))


def _check(answer: httpx.Response) -> None:
    status, text = answer.status_code, answer.text[:300]
    if status == HTTPStatus.OK:
        return
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise EmbeddingsRefused(f"Voyage AI refuses the key ({status}): set VOYAGE_API_KEY to a valid one. {text}")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(SYSTEM, f"Voyage AI cannot answer now ({status}): {text}")
    raise EmbeddingsRefused(f"Voyage AI refuses the request ({status}): {text}")
