"""Vectors from the words themselves, without a model: each word and pair of words has a place and a sign.

Feature hashing: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from core.embedding import EMBEDDING_DIMENSIONS

# Numbers, hashes and ids differ between two occurrences of one error and say nothing about its kind.
# An underscore ends one as a space does: ord_e500c472.
_ID = re.compile(r"(?<![^\W_])(?:0x)?(?=[0-9a-f-]*\d)[0-9a-f]{2,}(?:-[0-9a-f]+)*(?![^\W_])|\d+", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]{2,}")
PAIR_WEIGHT = 0.5


class HashingEmbedder:
    name = "hashing"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [_vector(text) for text in texts]


def _vector(text: str) -> list[float]:
    vector = [0.0] * EMBEDDING_DIMENSIONS
    for feature, weight in _features(text):
        digest = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest())
        sign = 1.0 if digest & 1 else -1.0
        vector[(digest >> 1) % EMBEDDING_DIMENSIONS] += sign * weight
    length = math.hypot(*vector)
    return [value / length for value in vector]


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Yield words and neighbouring pairs; the tenth repetition of a word counts less than the first."""
    spaced = _CAMEL.sub(" ", _ID.sub(" ", text))
    # A text without words is one feature too: the cosine distance to a vector of length 0 is not a number.
    words = [word.lower() for word in _WORD.findall(spaced)] or [""]
    for word, count in Counter(words).items():
        yield word, 1 + math.log(count)
    for pair, count in Counter(pairwise(words)).items():
        yield " ".join(pair), PAIR_WEIGHT * (1 + math.log(count))
