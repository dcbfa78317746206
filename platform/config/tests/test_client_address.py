"""Whose address counts: the one that trusted proxies vouch for."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from config.client_address import client_address, networks
from config.loopback import asgi_loopback_only, wsgi_loopback_only

BALANCER = "10.0.1.20"
CLOUDFLARE_EDGE = "172.68.10.4"
CLIENT = "198.51.100.7"
TRUSTED = networks(("10.0.0.0/16", "cloudflare"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "found"),
    [
        # Cloudflare writes the client's address, the balancer appends Cloudflare's.
        (BALANCER, f"{CLIENT}, {CLOUDFLARE_EDGE}", CLIENT),
        # What the client itself had sent stands further left and is not looked at.
        (BALANCER, f"192.0.2.1, 10.0.0.1, {CLIENT}, {CLOUDFLARE_EDGE}", CLIENT),
        # Past Cloudflare, straight to the balancer.
        (BALANCER, f"192.0.2.1, {CLIENT}", CLIENT),
        # Past both: its own claim is worth nothing.
        (CLIENT, f"192.0.2.1, {CLOUDFLARE_EDGE}", CLIENT),
        (BALANCER, f"{CLIENT}, nonsense, {CLOUDFLARE_EDGE}", CLOUDFLARE_EDGE),
        (BALANCER, "2001:db8::7, 2606:4700::1", "2001:db8::7"),
        (BALANCER, "", BALANCER),
        ("", CLIENT, ""),
    ],
)
def test_the_address_is_the_first_from_the_right_that_no_trusted_proxy_has(
    peer: str, forwarded_for: str, found: str
) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == found


@pytest.mark.django_db
def test_the_sign_in_lock_counts_real_addresses_behind_the_proxies(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"trusted_proxies": ["10.0.0.0/16", "cloudflare"]})
    User.objects.create_user("ada", password="a long enough pass phrase")

    def sign_in(password: str, client: str, forged: str = "") -> int:
        claims = f"{forged}{client}, {CLOUDFLARE_EDGE}"
        browser = Client(REMOTE_ADDR=BALANCER, HTTP_X_FORWARDED_FOR=claims)
        return browser.post("/login/", {"username": "ada", "password": password}).status_code

    for number in range(settings.ENV.login_failures):
        sign_in("wrong", CLIENT, forged=f"192.0.2.{number}, ")

    assert sign_in("a long enough pass phrase", CLIENT, forged="192.0.2.99, ") == 429
    assert sign_in("a long enough pass phrase", "198.51.100.8") == 302


def test_who_connects_past_the_proxies_cannot_claim_to_have_come_by_tls(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"trusted_proxies": ["10.0.0.0/16"]})
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def status(peer: str) -> int:
        return Client(REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https").get("/admin/login/x").status_code

    assert status(CLIENT) == 301
    assert status(BALANCER) != 301


@pytest.mark.parametrize(
    ("peer", "status"), [("127.0.0.1", "200 OK"), ("::1", "200 OK"), ("", "200 OK"), (CLIENT, "403 Forbidden")]
)
def test_the_embedded_mode_answers_this_machine_only(peer: str, status: str) -> None:
    answered = []

    def ours(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    wsgi_loopback_only(ours)({"REMOTE_ADDR": peer}, lambda status, _headers: answered.append(status))

    assert answered == [status]


@pytest.mark.parametrize(("peer", "is_reached"), [("127.0.0.1", True), (CLIENT, False)])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_embedded_live_feed_answers_this_machine_only(kind: str, peer: str, is_reached: bool) -> None:
    reached, sent = [], []

    async def ours(scope: MutableMapping[str, Any], _receive: Any, _send: Any) -> None:
        reached.append(scope["type"])

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message.get("status") or message.get("code") or message.get("body"))

    asyncio.run(asgi_loopback_only(ours)({"type": kind, "client": (peer, 1)}, _nothing, send))

    assert bool(reached) == is_reached
    assert bool(sent) != is_reached


async def _nothing() -> MutableMapping[str, Any]:
    return {}
