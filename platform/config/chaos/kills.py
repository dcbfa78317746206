"""Where a worker of the crash matrix dies: at a named point of a named stage, once, by a real SIGKILL.

The matrix writes an order into the data directory; the first worker process that comes to the point takes the
order, so that nobody dies of it twice, and kills itself in the middle of whatever its other threads do.
"""

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, Literal

from agents.runtime.contract import Step
from incidents.choices import Stage, StageStatus
from incidents.models import StageRun
from pipeline import stages
from pipeline.sessions import StageTranscript

# claimed: its lease is taken and nothing is done; answered: in the middle of a conversation, the model's answer is
# there and not stored; worked: all is done, outside too, and nothing is stored; stored: its output is there, and
# the incident has not moved on.
Point = Literal["claimed", "answered", "worked", "stored"]
POINTS: tuple[Point, ...] = ("claimed", "worked", "stored")
TALKING = (Stage.TRIAGE, Stage.DIAGNOSIS, Stage.FIX, Stage.REVIEW, Stage.MONITOR)


def order_path(data_dir: Path) -> Path:
    return data_dir / "kill-order.json"


def order_kill(data_dir: Path, stage: str, point: Point) -> None:
    """Have the next worker die that comes to this point."""
    fresh = order_path(data_dir).with_suffix(".fresh")
    fresh.write_text(json.dumps([stage, point]))
    fresh.rename(order_path(data_dir))


def is_pending(data_dir: Path) -> bool:
    """Return whether nobody has died of the order yet."""
    return order_path(data_dir).exists()


def hooks_install(data_dir: Path) -> None:
    """Let this process die when it is ordered to: around the moves that every stage makes."""

    def come_to(stage: str, point: Point) -> None:
        path = order_path(data_dir)
        with suppress(FileNotFoundError, ValueError):
            if json.loads(path.read_text()) == [stage, point]:
                path.unlink()  # whoever removes it is the one
                os.kill(os.getpid(), signal.SIGKILL)

    claim, finish = stages._claim, stages._finish

    @wraps(claim)
    def claimed(*args: Any, **kwargs: Any) -> StageRun:
        run = claim(*args, **kwargs)
        if run.status == StageStatus.RUNNING:
            come_to(run.stage, "claimed")
        return run

    @wraps(finish)
    def finished(run: StageRun, status: StageStatus, **fields: Any) -> None:
        if status == StageStatus.SUCCEEDED:
            come_to(run.stage, "worked")
        finish(run, status, **fields)
        if status == StageStatus.SUCCEEDED:
            come_to(run.stage, "stored")

    append = StageTranscript.append

    @wraps(append)
    def appended(transcript: StageTranscript, step: Step) -> None:
        if step.role == "assistant":
            come_to(transcript._run.stage, "answered")
        append(transcript, step)

    hooks: list[tuple[object, str, Callable[..., Any]]] = [
        (stages, "_claim", claimed),
        (stages, "_finish", finished),
        (StageTranscript, "append", appended),
    ]
    for owner, name, hook in hooks:
        setattr(owner, name, hook)
