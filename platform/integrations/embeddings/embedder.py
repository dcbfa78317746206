from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    """Turns texts into vectors in which texts that read alike are close by cosine."""

    name: str

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of EMBEDDING_DIMENSIONS for each text, of length 1.

        Raises core.errors.Unavailable for a temporary fault.
        """
        ...
