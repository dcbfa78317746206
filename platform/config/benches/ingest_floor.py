"""The least that can be done with a notification: its signature verified, one row inserted. A bare ASGI app.

`uvicorn config.benches.ingest_floor:application`: what the real endpoint is measured against.
"""

import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from psycopg_pool import AsyncConnectionPool

from config import embedded, env

Message = MutableMapping[str, Any]
Pool = AsyncConnectionPool[psycopg.AsyncConnection[tuple[Any, ...]]]

SIGNED_KEYS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
INSERT = """
    INSERT INTO incidents_event (
        message_id, topic_arn, raw, subject, alarm, alarm_arn, alarm_name, alarm_state, received_at, disposition,
        disposition_reason
    )
    VALUES (%s, %s, %s, %s, %s::jsonb, '', '', '', now(), 'confirmed', 'floor')
    ON CONFLICT DO NOTHING
"""

_env = env.load()
[_certificate] = embedded.sns_certificates(_env).values()
_kept: dict[str, Any] = {}


def _key() -> RSAPublicKey:
    if "key" not in _kept:
        _kept["key"] = x509.load_pem_x509_certificate(_certificate.read_bytes()).public_key()
    key: RSAPublicKey = _kept["key"]
    return key


async def _pool() -> Pool:
    if "pool" not in _kept:
        pool: Pool = AsyncConnectionPool(
            embedded.database_url(_env.data_dir), min_size=4, max_size=8, open=False, kwargs={"autocommit": True}
        )
        _kept["pool"] = pool
        await pool.open(wait=True)
    opened: Pool = _kept["pool"]
    return opened


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer 200 once the row is committed."""
    body, more = b"", scope["method"] == "POST"
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part.get("more_body", False)
    if body:
        await _store(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


async def _store(body: bytes) -> None:
    message = json.loads(body)
    text = "".join(f"{key}\n{message[key]}\n" for key in SIGNED_KEYS if key in message)
    _key().verify(b64decode(message["Signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    values = (
        message["MessageId"],
        message["TopicArn"],
        body.decode(),
        message.get("Subject", ""),
        message["Message"],
    )
    pool = await _pool()
    async with pool.connection() as connection:
        await connection.execute(INSERT, values)
