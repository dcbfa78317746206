"""Texts as vectors; which embedder this installation uses."""

from functools import cache

from integrations.embeddings.embedder import Embedder
from integrations.embeddings.hashing import HashingEmbedder

__all__ = ["Embedder", "embedder"]


@cache
def embedder() -> Embedder:
    """Return the configured embedder; one instance for each process. `hashing` is the only one so far."""
    return HashingEmbedder()
