"""How many requests were answered and how long they took, added up over all web processes in Redis.

A process keeps its own sums and hands them on every few seconds, so a request pays for no round trip of its own.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponseBase
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from core.shared_sums import SharedSums

KEY = "metrics:requests"
HAND_ON_SECONDS = 5.0
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# What a path begins with, and the area that it counts for: labels stay few, whatever somebody asks for.
AREAS = (
    ("/webhooks/sns/", "sns"),
    ("/webhooks/github/", "github"),
    ("/api/", "api"),
    ("/admin/", "console"),
    ("/static/", "static"),
    ("/pulls/", "pulls"),
    ("/login/", "sign_in"),
    ("/accounts/", "sign_in"),
    ("/healthz", "health"),
    ("/readyz", "health"),
    ("/metrics", "metrics"),
)


def area_of(path: str) -> str:
    """Return the part of the site that a path belongs to; every other address is the dashboard's."""
    return next((area for start, area in AREAS if path.startswith(start)), "dashboard")


class Sums:
    """What the processes have answered; each hands its own on every few seconds."""

    def __init__(self) -> None:
        self._shared = SharedSums(KEY)
        self._handed_on_at = time.monotonic()

    def add(self, area: str, code: int, seconds: float) -> None:
        """Count one answer, and hand on what was counted once that is a few seconds old."""
        name = f"{area}|{code // 100}xx"
        self._shared.add({f"{name}|{bisect_left(BUCKETS, seconds)}": 1, f"{name}|seconds": seconds})
        if time.monotonic() - self._handed_on_at > HAND_ON_SECONDS:
            self.hand_on()

    def hand_on(self) -> None:
        self._handed_on_at = time.monotonic()
        self._shared.hand_on()

    def read(self) -> dict[str, float]:
        """Return all processes' sums. Raises redis.exceptions.RedisError."""
        self.hand_on()
        return self._shared.read()


sums = Sums()


class RequestMetricsMiddleware:
    """Times every request that this process answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self._get_response(request)
        sums.add(area_of(request.path), response.status_code, time.perf_counter() - begun)
        return response


def collect() -> Iterator[Metric]:
    """Return the histogram of all processes. Raises redis.exceptions.RedisError."""
    found = sums.read()
    family = HistogramMetricFamily(
        "agent_platform_http_request_seconds",
        "Time to answer a request, by part of the site and class of status code.",
        labels=["area", "code"],
    )
    for name in sorted({key.rpartition("|")[0] for key in found}):
        below, buckets = 0, []
        for number, bound in enumerate((*map(str, BUCKETS), "+Inf")):
            below += int(found.get(f"{name}|{number}", 0))
            buckets.append((bound, below))
        family.add_metric(name.split("|"), buckets, sum_value=found.get(f"{name}|seconds", 0))
    yield family
