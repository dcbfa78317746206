"""The live feed's websockets, of all its processes."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from core.presence import presence_read
from incidents.feed import figures


def collect() -> Iterator[Metric]:
    """Return connections and messages. Raises redis.exceptions.RedisError."""
    feeds, counted = presence_read(figures.FEEDS), figures.sums.read()
    yield GaugeMetricFamily("agent_platform_feed_processes", "Servers of the live feed.", value=len(feeds))
    yield GaugeMetricFamily(
        "agent_platform_feed_connections",
        "Open websockets of dashboards.",
        value=sum(feed["connections"] for feed in feeds),
    )
    yield CounterMetricFamily(
        "agent_platform_feed_messages_total",
        "Messages sent to dashboards.",
        value=counted.get(figures.MESSAGES, 0),
    )
    yield CounterMetricFamily(
        "agent_platform_feed_slow_total",
        "How often a dashboard took messages too slowly and was given a snapshot instead of them.",
        value=counted.get(figures.SLOW, 0),
    )
    closed = CounterMetricFamily(
        "agent_platform_feed_closed_total",
        # The codes are in incidents/feed/consumer.py and sessions.py.
        "Websockets that the feed closed, by close code; 403: another origin, never accepted.",
        labels=["code"],
    )
    for name in sorted(counted):
        if name.startswith(figures.CLOSED):
            closed.add_metric([name.removeprefix(figures.CLOSED)], counted[name])
    yield closed
