"""Texts as vectors; which embedder this installation uses."""

from functools import cache

from django.conf import settings

from integrations.embeddings.embedder import Embedder
from integrations.embeddings.hashing import HashingEmbedder
from integrations.embeddings.minilm import MiniLmEmbedder
from integrations.embeddings.voyage import EmbeddingsRefused, VoyageEmbedder

__all__ = ["Embedder", "embedder"]


@cache
def embedder() -> Embedder:
    """Return the embedder that EMBEDDINGS names; one instance for each process.

    Raises EmbeddingsRefused or MiniLmMissing for one that is not set up.
    """
    env = settings.ENV
    match env.embeddings:
        case "voyage":
            if env.voyage_api_key is None:
                raise EmbeddingsRefused("EMBEDDINGS=voyage needs VOYAGE_API_KEY.")
            return VoyageEmbedder(api_key=env.voyage_api_key.get_secret_value(), base_url=env.voyage_base_url)
        case "minilm":
            return MiniLmEmbedder()
        case _:
            return HashingEmbedder()
