"""Where the marks of a chart stand; the template draws them as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.statistics import Bin
from evals.suites.contract import Matrix

BAR_WIDTH = 420
ROW_HEIGHT = 26
SQUARE = 260


@dataclass(frozen=True)
class Bar:
    """A value from 0 to 1 with its whisker, and the floors as ticks; all in pixels."""

    label: str
    text: str
    y: int
    width: float
    low: float | None
    high: float | None
    ticks: Sequence[float]


@dataclass(frozen=True)
class Bars:
    rows: Sequence[Bar]
    height: int


@dataclass(frozen=True)
class Cell:
    count: int
    strength: float
    is_right: bool


@dataclass(frozen=True)
class Heat:
    title: str
    labels: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    radius: float
    text: str


Figure = Mapping[str, Any]


def bars_of(figures: Sequence[tuple[str, Figure, Sequence[Figure | None]]]) -> Bars:
    """Return one bar for each named figure that has a value."""
    rows: list[Bar] = []
    for label, figure, floors in figures:
        if figure["value"] is None:
            continue
        rows.append(
            Bar(
                label=label,
                text=f"{100 * figure['value']:.1f} %",
                y=len(rows) * ROW_HEIGHT,
                width=figure["value"] * BAR_WIDTH,
                low=None if figure["low"] is None else figure["low"] * BAR_WIDTH,
                high=None if figure["high"] is None else figure["high"] * BAR_WIDTH,
                ticks=[floor["value"] * BAR_WIDTH for floor in floors if floor and floor["value"] is not None],
            )
        )
    return Bars(rows, len(rows) * ROW_HEIGHT)


def heat_of(matrix: Matrix) -> Heat:
    """Return the matrix with each cell's share of its row as its strength."""
    rows = []
    for index, (label, counts) in enumerate(zip(matrix.labels, matrix.counts, strict=True)):
        total = sum(counts) or 1
        rows.append((label, [Cell(count, count / total, place == index) for place, count in enumerate(counts)]))
    return Heat(matrix.title, matrix.labels, rows)


def reliability_of(bins: Sequence[Bin]) -> list[Dot]:
    """Return the bins as dots over claimed confidence (x) and the share that was right (y)."""
    most = max((found.count for found in bins), default=1)
    return [
        Dot(
            x=found.claimed * SQUARE,
            y=SQUARE - found.right * SQUARE,
            radius=4 + 10 * (found.count / most) ** 0.5,
            text=f"{found.count} answers: claimed {100 * found.claimed:.0f} %, right {100 * found.right:.0f} %",
        )
        for found in bins
    ]
