"""Who really asks: the address that a chain of trusted proxies vouches for, and no other."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

Network = IPv4Network | IPv6Network

# https://www.cloudflare.com/ips/; the balancer's firewall in deploy/aws reads the same file.
CLOUDFLARE = Path(__file__).with_name("cloudflare_ranges.json")


@cache
def networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks that TRUSTED_PROXIES names."""
    found: list[Network] = []
    for name in names:
        if name == "cloudflare":
            ranges = json.loads(CLOUDFLARE.read_text())
            found += [ip_network(each) for each in (*ranges["ipv4"], *ranges["ipv6"])]
        else:
            found.append(ip_network(name))
    return tuple(found)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """Return the first address, from the right, that no trusted proxy has: whatever stands left of it is hearsay.

    Each proxy appends the address that connected to it. What is no address ends the chain at who sent it.
    """
    address = peer
    for claimed in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not _is_within(address, trusted) or not _is_address(claimed):
            break
        address = claimed
    return address


class ClientAddressMiddleware:
    """Gives REMOTE_ADDR the client's address, for locks, limits and logs, and drops what nobody vouches for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = request.META.get("REMOTE_ADDR") or ""
        trusted = networks(tuple(settings.ENV.trusted_proxies))
        if trusted:
            claims = request.META.get("HTTP_X_FORWARDED_FOR", "")
            request.META["REMOTE_ADDR"] = client_address(peer, claims, trusted)
            if not _is_within(peer, trusted):
                request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        # From here on there is one address of the client; nothing is to read the claims again.
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        return self._get_response(request)


def _is_within(address: str, trusted: Sequence[Network]) -> bool:
    if not _is_address(address):
        return False
    parsed = ip_address(address)
    return any(parsed in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
