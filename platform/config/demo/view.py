"""What a person sees while the story runs: stages as they end, and in a terminal those that run right now."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from incidents.choices import Stage, StageStatus
from incidents.models import Incident, StageRun, Transition

PEOPLE = ("awaiting_approval", "needs_human")


class View:
    """Prints each finished stage and each transition of the watched incidents once, with its duration."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()
        self._names: dict[int, str] = {}
        self._printed_stages: set[int] = set()
        self._last_transition = 0
        self._live: Live | None = None

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show a table of running stages below the lines, where there is a terminal to show it."""
        if not self.console.is_terminal:
            yield
            return
        with Live(console=self.console, refresh_per_second=8, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def watch(self, incident_id: int, name: str) -> None:
        """Print what happens to this incident from now on, under `name`."""
        self._names[incident_id] = name

    def say(self, text: str, *, style: str = "") -> None:
        """Print one line of the story with the seconds since its beginning."""
        elapsed = time.monotonic() - self._began
        # Text from outside is never read as markup.
        line = f"[dim]{elapsed:6.1f} s[/dim]  {escape(text)}"
        self.console.print(line, style=style, highlight=False, soft_wrap=True)

    def refresh(self) -> None:
        """Read what is new and print it, in the order in which it happened."""
        for _, line in sorted([*self._ended_stages(), *self._transitions()], key=lambda told: told[0]):
            self.say(line)
        if self._live is not None:
            self._live.update(self._running())

    def diff(self, text: str) -> None:
        """Print a diff, its lines whole where they go to a file or a log."""
        if self.console.is_terminal:
            self.console.print(Syntax(text, "diff", background_color="default", word_wrap=True))
        else:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _ended_stages(self) -> list[tuple[datetime, str]]:
        ended = (
            StageRun.objects.filter(incident__in=self._names, finished_at__isnull=False)
            .exclude(pk__in=self._printed_stages)
            .exclude(status=StageStatus.WAITING)
            .order_by("finished_at")
        )
        lines = []
        for run in ended:
            self._printed_stages.add(run.pk)
            failed = f"  {run.exit_reason}: {run.error}" if run.status == StageStatus.FAILED else ""
            what = f"{_stage_name(run):<16} {_seconds(run):>6.2f} s  {_result(run)}{failed}"
            lines.append((run.finished_at or run.started_at, f"{self._name(run.incident_id)}  {what}"))
        return lines

    def _transitions(self) -> list[tuple[datetime, str]]:
        moves = Transition.objects.filter(pk__gt=self._last_transition, incident__in=self._names).order_by("id")
        lines = []
        for move in moves:
            self._last_transition = move.pk
            reason = f": {move.reason.splitlines()[0][:150]}" if move.reason else ""
            told = f"{self._name(move.incident_id)}  -> {move.target} ({move.actor}){reason}"
            lines.append((move.at, told))
        return lines

    def _running(self) -> Table:
        table = Table("incident", "running now", "seconds", box=None, pad_edge=False)
        now = timezone.now()
        for run in StageRun.objects.filter(incident__in=self._names, status=StageStatus.RUNNING).order_by("id"):
            table.add_row(self._name(run.incident_id), _stage_name(run), f"{_since(run.started_at, now):.1f}")
        for incident in Incident.objects.filter(pk__in=self._names, status__in=PEOPLE):
            table.add_row(self._name(incident.pk), "waits for a person", f"{_since(incident.active_at, now):.1f}")
        return table

    def _name(self, incident_id: int) -> str:
        return f"#{incident_id} {self._names[incident_id]:<9}"


def _since(start: datetime, now: datetime) -> float:
    return (now - start).total_seconds()


def _seconds(run: StageRun) -> float:
    return _since(run.started_at, run.finished_at) if run.finished_at else 0.0


def _stage_name(run: StageRun) -> str:
    if run.stage not in (Stage.FIX, Stage.TRIAL, Stage.REVIEW):
        return run.stage
    return f"{run.stage} {run.attempt}" + (f".{run.candidate}" if run.candidate > 1 else "")


def _result(run: StageRun) -> str:
    """Return the one fact of a stage's output that a reader wants."""
    output = run.output or {}
    match run.stage:
        case Stage.TRIAGE:
            return f"{output.get('classification')}, {output.get('severity')}"
        case Stage.LOGS:
            return output.get("missing") or f"{len(output.get('events', []))} log events"
        case Stage.COMMITS:
            return output.get("missing") or f"{len(output.get('commits', []))} commits"
        case Stage.SIMILAR:
            return output.get("missing") or f"{len(output.get('incidents', []))} similar incidents"
        case Stage.OWNERS:
            return output.get("missing") or ", ".join(output.get("owners", []))
        case Stage.DIAGNOSIS if output:
            place = output["location"]
            return f"{place['function']} at {place['path']}:{place['line_start']}"
        case Stage.PREPARE if output:
            tests = output["baseline"]["tests"]
            return f"baseline: {sum(outcome == 'passed' for outcome in tests.values())} of {len(tests)} tests pass"
        case Stage.TRIAL if output:
            return f"{output['verdict']}: {output['reason']}"
        case Stage.REVIEW:
            return str(output.get("decision"))
        case Stage.GATE:
            return f"risk {output.get('risk')}"
        case Stage.PULL_REQUEST:
            return str(output.get("url"))
        case Stage.MERGE:
            return str(output.get("merge_commit", ""))[:12]
        case Stage.MONITOR:
            return f"{len(output.get('alarms', []))} alarm planned"
        case _:
            return ""
