"""Which processes of a kind live: each tells Redis again and again what it does, and is forgotten once silent."""

import json
import time
from collections.abc import Mapping
from typing import Any

from core.shared_store import shared_store

ALIVE_SECONDS = 30


def presence_tell(kind: str, name: str, told: Mapping[str, Any]) -> None:
    """Say that the process `name` lives. Raises redis.exceptions.RedisError."""
    shared_store().hset(kind, name, json.dumps({**told, "at": time.time()}))


def presence_read(kind: str) -> list[dict[str, Any]]:
    """Return what each living process told last; forget who is silent. Raises redis.exceptions.RedisError."""
    living = []
    for name, text in shared_store().hgetall(kind).items():
        told: dict[str, Any] = json.loads(text)
        if time.time() - told["at"] > ALIVE_SECONDS:
            shared_store().hdel(kind, name)
        else:
            living.append(told)
    return living
