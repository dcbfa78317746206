"""How the calls to each outside system stand."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from core.resilience.breaker import breaker_states

STATES = ("closed", "open", "half_open")


def collect() -> Iterator[Metric]:
    """Return 1 for the state that each breaker is in. Raises redis.exceptions.RedisError."""
    family = GaugeMetricFamily(
        "agent_platform_breaker", "1 for the state that the system's breaker is in.", labels=["system", "state"]
    )
    for found in breaker_states():
        for state in STATES:
            family.add_metric([found.name, state], found.state == state)
    yield family
