"""Where the time of the demo's first incident goes, from the alarm to its pull request."""

import io
from datetime import datetime

from django.conf import settings
from rich.console import Console

from config.benches import Measured
from config.demo.stage import story_stage
from incidents.models import Incident, StageRun, Transition
from incidents.timing import time_to_pull_request


def measure() -> Measured:
    """Play the first alarm up to its pull request and time every stage.

    The floor is the time during which at least one stage was at work; the ratio says what the platform adds to it
    by queueing, claiming and joining.
    """
    with story_stage(settings.ENV, Console(file=io.StringIO())) as story:
        incident = Incident.objects.get(pk=story.first_pull_request())
    spent = time_to_pull_request(incident)
    opened = Transition.objects.get(incident=incident, target="pr_open").at
    runs = list(StageRun.objects.filter(incident=incident, finished_at__lte=opened).order_by("started_at"))
    if spent is None or not runs:
        raise RuntimeError(f"{incident} has no pull request to measure")
    began = incident.transitions.order_by("id")[0].at
    rows = [
        [
            f"{run.stage} {run.attempt}" if run.attempt > 1 else run.stage,
            f"{_seconds(began, run.started_at):.2f}",
            f"{_taken(run):.2f}",
        ]
        for run in runs
    ]
    total, busy = spent.total.total_seconds(), _busy_seconds(runs)
    return Measured(
        columns=["stage", "starts at, s", "takes, s"],
        rows=[*rows, ["some stage at work (the floor)", "", f"{busy:.2f}"], ["all", "", f"{total:.2f}"]],
        figures={
            "total_seconds": round(total, 3),
            "floor_seconds": round(busy, 3),
            "floor_ratio": round(total / busy, 3),
            **{f"{run.stage}_{run.attempt}_seconds": round(_taken(run), 3) for run in runs},
        },
    )


def _taken(run: StageRun) -> float:
    return _seconds(run.started_at, run.finished_at)


def _seconds(start: datetime, end: datetime | None) -> float:
    return (end - start).total_seconds() if end else 0.0


def _busy_seconds(runs: list[StageRun]) -> float:
    """Return how long at least one of the runs (sorted by start) was going."""
    busy, until = 0.0, runs[0].started_at
    for run in runs:
        if run.finished_at and run.finished_at > until:
            busy += (run.finished_at - max(run.started_at, until)).total_seconds()
            until = run.finished_at
    return busy
