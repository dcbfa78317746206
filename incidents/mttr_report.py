"""The time report as a table, JSON, CSV and one HTML page."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from incidents.false_positives import FalsePositives
from incidents.mttr import Handled, History, Point, Summary, agents_and_people, curve, grouped, parts_sum, summary
from incidents.time_parts import PART_NAMES, milliseconds

SPANS: tuple[tuple[str, Callable[[History], timedelta | None]], ...] = (
    ("first pull request", lambda history: history.to_pull_request),
    ("first pull request, from the alarm's change", lambda history: history.from_alarm_to_pull_request),
    ("merge", lambda history: history.to_merge),
    ("resolved", lambda history: history.to_resolve),
)
KEYS: tuple[tuple[str, Callable[[History], str]], ...] = (
    ("service", lambda history: history.service),
    ("severity", lambda history: history.severity),
    ("week", lambda history: history.week),
)
CHART_WIDTH, CHART_HEIGHT = 640, 240
INCIDENT_FIELDS = (
    *("incident", "service", "severity", "handled_by", "received_at"),
    *("to_pull_request_ms", "from_alarm_to_pull_request_ms", "to_merge_ms", "to_resolve_ms", "to_end_ms"),
    *(f"{name}_ms" for name in PART_NAMES),
)


@dataclass(frozen=True)
class TimeReport:
    """All that the formats show."""

    made_at: datetime
    found: Sequence[History]
    false_positives: FalsePositives
    summaries: Sequence[Summary]
    sides: Sequence[Handled]
    groups: Sequence[tuple[str, Sequence[tuple[str, Summary]]]]
    parts: dict[str, int]
    points: Sequence[Point]


def report_of(
    found: Sequence[History], false_positives: FalsePositives, *, now: datetime | None = None
) -> TimeReport:
    """Compute the report over these incidents."""
    _, to_pull_request = SPANS[0]
    return TimeReport(
        made_at=now or timezone.now(),
        found=found,
        false_positives=false_positives,
        summaries=[summary(name, found, span) for name, span in SPANS],
        sides=agents_and_people(found),
        groups=[
            (title, [(name, summary(name, members, to_pull_request)) for name, members in grouped(found, key)])
            for title, key in KEYS
        ],
        parts=milliseconds(parts_sum(found)),
        points=curve(found, to_pull_request, now=now),
    )


def as_json(report: TimeReport) -> str:
    """Return everything, one object for each incident included, as JSON."""
    false = report.false_positives
    document = {
        "made_at": report.made_at.isoformat(),
        "summaries": [_summary_fields(found) for found in report.summaries],
        "agents_and_people": {side.handler: _summary_fields(side.to_end) for side in report.sides},
        "groups": {
            title: {name: _summary_fields(found) for name, found in members} for title, members in report.groups
        },
        "parts_milliseconds": report.parts,
        "curve": [vars(point) for point in report.points],
        "false_positives": {**vars(false), "interval": vars(false.interval) if false.interval else None},
        "incidents": [_incident_fields(history) for history in report.found],
    }
    return json.dumps(document, indent=2) + "\n"


def as_csv(report: TimeReport) -> str:
    """Return one line for each incident, times in milliseconds."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, INCIDENT_FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_incident_fields(history) for history in report.found)
    return stream.getvalue()


def as_table(report: TimeReport, console: Console) -> None:
    """Print the report for people."""
    columns = ("n", "not there yet", "p50", "p75", "p90", "p95", "mean", "p50 with open ones")
    table = Table("time to", *columns, title=f"{len(report.found)} incidents that were not noise")
    for found in report.summaries:
        table.add_row(found.name, *_cells(found))
    for side in report.sides:
        table.add_row(side.to_end.name, *_cells(side.to_end))
    for title, members in report.groups:
        table.add_section()
        for name, found in members:
            table.add_row(f"{title} {name}", *_cells(found))
    console.print(table)
    total = sum(report.parts.values())
    if total:
        split = Table(*PART_NAMES, "total", title="where the time to the first pull request went")
        split.add_row(
            *(f"{span(ms / 1000)} ({100 * ms / total:.1f} %)" for ms in report.parts.values()), span(total / 1000)
        )
        console.print(split)
    console.print(false_positives_sentence(report.false_positives))


def as_html(report: TimeReport) -> str:
    """Return one page with its charts in it."""
    total = sum(report.parts.values())
    longest = max((point.seconds for point in report.points), default=0) or 1
    context = {
        "report": report,
        "columns": ("n", "not there yet", "p50", "p75", "p90", "p95", "mean", "p50 with open ones"),
        "rows": [
            (found.name, _cells(found)) for found in (*report.summaries, *(side.to_end for side in report.sides))
        ],
        "groups": [
            (title, [(name, _cells(found)) for name, found in members]) for title, members in report.groups
        ],
        "parts": _stack(report.parts, total),
        "parts_total": span(total / 1000) if total else "",
        "part_rows": [
            (name, _stack(milliseconds(parts_sum(members)), sum(milliseconds(parts_sum(members)).values())))
            for name, members in grouped(report.found, lambda history: history.service)
            if any(history.pull_request_at for history in members)
        ],
        "curve": _steps(report.points, longest),
        "longest": span(longest),
        "false_positives": false_positives_sentence(report.false_positives),
    }
    return render_to_string("incidents/mttr.html", context)


def false_positives_sentence(found: FalsePositives) -> str:
    """Return the rate with its interval and how much of it is known."""
    if found.rate is None or found.interval is None or found.reviewed_share is None:
        return f"False positives: none of {found.called_real} incidents that were called real has been reviewed."
    return (
        f"False positives: {found.false} of {found.reviewed} reviewed incidents that were called real were noise, "
        f"{100 * found.rate:.1f} % [{100 * found.interval.low:.1f} %, {100 * found.interval.high:.1f} %]; "
        f"{100 * found.reviewed_share:.0f} % of {found.called_real} are reviewed."
    )


def span(seconds: float | None) -> str:
    """Return a span as people read it."""
    if seconds is None:
        return "none"
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"


def _cells(found: Summary) -> list[str]:
    values = [*found.percentiles.values(), found.mean, found.median_with_censored]
    return [str(found.count), str(found.censored), *(span(value) for value in values)]


def _summary_fields(found: Summary) -> dict[str, Any]:
    return {
        "name": found.name,
        "n": found.count,
        "censored": found.censored,
        "mean_seconds": found.mean,
        **{f"p{round(share * 100)}_seconds": value for share, value in found.percentiles.items()},
        "median_with_censored_seconds": found.median_with_censored,
    }


def _incident_fields(history: History) -> dict[str, Any]:
    whole = milliseconds(history.parts)
    return {
        "incident": history.incident_id,
        "service": history.service,
        "severity": history.severity,
        "handled_by": history.handled_by,
        "received_at": history.received_at.isoformat(),
        "to_pull_request_ms": _whole_milliseconds(history.to_pull_request),
        "from_alarm_to_pull_request_ms": _whole_milliseconds(history.from_alarm_to_pull_request),
        "to_merge_ms": _whole_milliseconds(history.to_merge),
        "to_resolve_ms": _whole_milliseconds(history.to_resolve),
        "to_end_ms": _whole_milliseconds(history.to_end),
        **{f"{name}_ms": whole[name] for name in PART_NAMES},
    }


def _whole_milliseconds(value: timedelta | None) -> int | None:
    return None if value is None else value // timedelta(milliseconds=1)


def _stack(parts: dict[str, int], total: int) -> list[dict[str, Any]]:
    """Return the parts as neighbouring bars, in pixels."""
    bars, x = [], 0.0
    for number, (name, count) in enumerate(parts.items()):
        width = CHART_WIDTH * count / total if total else 0.0
        bars.append({"name": name, "x": x, "width": width, "text": span(count / 1000), "number": number})
        x += width
    return bars


def _steps(points: Sequence[Point], longest: float) -> str:
    """Return the curve as the points of an SVG polyline: level, then down."""
    found: list[str] = []
    y = 0.0
    for point in points:
        x = point.seconds / longest * CHART_WIDTH
        found.append(f"{x:.1f},{y:.1f}")
        y = (1 - point.share) * CHART_HEIGHT
        found.append(f"{x:.1f},{y:.1f}")
    return " ".join([*found, f"{CHART_WIDTH}.0,{y:.1f}"])
