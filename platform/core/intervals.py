"""Shares with their uncertainty, and percentiles: what every report of figures needs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def wilson(successes: int, total: int) -> Interval | None:
    """Return the 95 % interval of a share (Wilson 1927, without continuity correction); None for no trials."""
    if total == 0:
        return None
    share, square = successes / total, Z_95**2
    centre = share + square / (2 * total)
    spread = Z_95 * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    scale = 1 + square / total
    return Interval(max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value at `share` of the sorted values, between neighbours in proportion (Hyndman-Fan 7)."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
