"""The few statistics that the reports need, each with its source."""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.intervals import Interval

RESAMPLES = 1000
SEED = 20_260
BINS = 10

Unit = TypeVar("Unit")


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence: what they claimed and how often they were right."""

    claimed: float
    right: float
    count: int


def bootstrap(units: Sequence[Unit], statistic: Callable[[Sequence[Unit]], float | None]) -> Interval | None:
    """Return the 95 % percentile interval of `statistic` over resampled units, the same each time.

    None where it comes out alike whatever is drawn: equal answers would claim certainty.
    """
    if len(units) < 2:
        return None
    dice = random.Random(SEED)  # noqa: S311 - a figure must come out the same each time
    drawn = (statistic(dice.choices(units, k=len(units))) for _ in range(RESAMPLES))
    values = sorted(value for value in drawn if value is not None)
    if not values or values[0] == values[-1]:
        return None
    return Interval(values[int(0.025 * len(values))], values[min(int(0.975 * len(values)), len(values) - 1)])


def confusion(pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> list[list[int]]:
    """Return counts by expected label (rows) and given label (columns), both in the order of `labels`."""
    counts = Counter(pairs)
    return [[counts[expected, given] for given in labels] for expected in labels]


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Return the mean F1 of the labels that are expected or given; None for no pairs."""
    labels = sorted({label for pair in pairs for label in pair})
    if not labels:
        return None
    scores = []
    for label in labels:
        both = sum(expected == given == label for expected, given in pairs)
        either = sum((expected == label) + (given == label) for expected, given in pairs)
        scores.append(2 * both / either)
    return sum(scores) / len(scores)


def quadratic_kappa(pairs: Sequence[tuple[str, str]], order: Sequence[str]) -> float | None:
    """Return Cohen's kappa with quadratic weights (Cohen 1968); None where chance explains everything."""
    if not pairs:
        return None
    rank = {label: index for index, label in enumerate(order)}
    expected, given = Counter(pair[0] for pair in pairs), Counter(pair[1] for pair in pairs)
    seen = sum((rank[a] - rank[b]) ** 2 for a, b in pairs) / len(pairs)
    by_chance = (
        sum(expected[a] * given[b] * (rank[a] - rank[b]) ** 2 for a in order for b in order) / len(pairs) ** 2
    )
    return None if by_chance == 0 else 1 - seen / by_chance


def calibration(answers: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Return the answers in ten bins of equal width by confidence, empty ones left out."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, is_right in answers:
        bins[min(int(confidence * BINS), BINS - 1)].append((confidence, is_right))
    return [
        Bin(
            claimed=sum(confidence for confidence, _ in found) / len(found),
            right=sum(is_right for _, is_right in found) / len(found),
            count=len(found),
        )
        for found in bins
        if found
    ]


def expected_calibration_error(answers: Sequence[tuple[float, bool]]) -> float | None:
    """Return the mean distance of claim and truth over the bins, weighted by their size (Naeini 2015)."""
    if not answers:
        return None
    return sum(found.count * abs(found.claimed - found.right) for found in calibration(answers)) / len(answers)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value that two runs err alike, from the cases where one alone was right."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = sum(math.comb(total, index) for index in range(min(only_first, only_second) + 1)) / float(2**total)
    return min(1.0, 2 * tail)
