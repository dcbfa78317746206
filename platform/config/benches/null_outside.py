"""The Celery application with nothing behind it: a model that answers at once, no tests to run, no CloudWatch.

`celery -A config.benches.null_outside worker`: what is left of a stage's time is the platform's own. It also
knows a bare canvas of the same shape whose tasks do nothing, the floor of any pipeline on the same Celery.
"""

import os
import time

import django
from celery import Task, chain, chord
from celery.canvas import Signature

from config.celery import app

django.setup()

from config.benches.null_names import DONE, TEST_SECONDS, TURN_SECONDS  # noqa: E402  # Django first
from config.rehearsal.nothing_outside import outside_replace  # noqa: E402
from core.shared_store import shared_store  # noqa: E402

outside_replace(
    turn_seconds=float(os.environ.get(TURN_SECONDS, "0")), test_seconds=float(os.environ.get(TEST_SECONDS, "0"))
)


def canvas(number: int) -> Signature:
    """Return the canvas of a whole run as `pipeline.graph.remaining` builds it, of tasks that do nothing."""

    def do(queue: str) -> Signature:
        return app.signature("bench.stage", args=(number,), immutable=True).set(queue=queue)

    evidence = chord([do("default") for _ in range(4)], do("agents"))
    fix = app.signature("bench.fix", args=(number, True), immutable=True).set(queue="default")
    deliver = [do("default") for _ in range(2)]
    merge = app.signature("bench.merge", args=(number,), immutable=True).set(queue="default")
    return chain(do("agents"), chord([evidence, do("sandbox")], fix), do("agents"), *deliver, merge)


@app.task(name="bench.drain", ignore_result=True)
def drain(number: int) -> None:
    app.send_task("bench.advance", args=(number,))


@app.task(name="bench.advance")
def advance(number: int) -> None:
    canvas(number).apply_async()


@app.task(name="bench.stage")
def stage(number: int) -> None:
    """Do nothing."""


@app.task(name="bench.fix", bind=True)
def fix(self: "Task[[int, bool], None]", number: int, is_first: bool) -> None:
    """Put one round in this task's place, as the real one does for each round."""
    if is_first:
        candidate = [
            app.signature("bench.stage", args=(number,), immutable=True).set(queue=queue)
            for queue in ("agents", "sandbox")
        ]
        again = app.signature("bench.fix", args=(number, False), immutable=True).set(queue="default")
        raise self.replace(chord([chain(*candidate)], again))


@app.task(name="bench.merge")
def merge(number: int) -> None:
    app.send_task("bench.wake", args=(number,))


@app.task(name="bench.wake")
def wake(number: int) -> None:
    app.signature("bench.end", args=(number,), immutable=True).set(queue="agents").apply_async()


@app.task(name="bench.end")
def end(number: int) -> None:
    shared_store().hset(DONE, str(number), repr(time.time()))
