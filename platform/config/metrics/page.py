"""GET /metrics, for who has the token; in embedded mode, where only this machine asks, for anybody."""

import hmac
import time
from collections.abc import Callable, Iterator

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from config.metrics import breakers, feed, requests, rows, workers

logger = structlog.get_logger(__name__)

PARTS: dict[str, Callable[[], Iterator[Metric]]] = {
    "requests": requests.collect,
    "workers": workers.collect,
    "breakers": breakers.collect,
    "feed": feed.collect,
    "rows": rows.collect,
}


class Installation(Collector):
    """Every part's figures, and of each part whether it could be asked: one that fails hides no other."""

    def collect(self) -> Iterator[Metric]:
        answered = GaugeMetricFamily("agent_platform_part_up", "1 if this part could be read.", labels=["part"])
        taken = GaugeMetricFamily("agent_platform_part_seconds", "How long reading it took.", labels=["part"])
        for name, part in PARTS.items():
            begun = time.perf_counter()
            try:
                found = list(part())
            except (DatabaseError, InterfaceError, RedisError) as error:
                logger.warning("metrics.not_read", part=name, error=str(error))
                found = []
                answered.add_metric([name], 0)
            else:
                answered.add_metric([name], 1)
            taken.add_metric([name], time.perf_counter() - begun)
            yield from found
        yield from (answered, taken)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus's text format."""
    if not _may_read(request):
        return HttpResponse(
            "METRICS_TOKEN is missing or wrong: send it as `Authorization: Bearer ...`.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(generate_latest(Installation()), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    token = settings.ENV.metrics_token
    if token is None:
        return bool(settings.ENV.is_embedded)
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode())
