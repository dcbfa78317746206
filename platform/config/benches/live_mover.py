"""Moves incidents by real commits, and publishes to bare Redis: `python -m config.benches.live_mover PORT`.

Reads one request a line and answers each with one line of JSON. Times are of the clock that all processes share.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

BARE_CHANNEL = "bench-bare"
SPACING_SECONDS = 0.25


def main() -> None:
    from config import embedded, env

    embedded.use(env.load())
    import django

    django.setup()
    for line in sys.stdin:
        request = json.loads(line)
        answers: dict[str, Callable[..., dict[str, Any]]] = {"move": move, "publish": publish, "burst": burst}
        print(json.dumps(answers[request.pop("do")](**request)), flush=True)  # noqa: T201


def move(*, moves: int) -> dict[str, Any]:
    """Move one incident to and fro, each time in a transaction of its own; say when each was committed."""
    [incident] = _incidents(1)
    committed: dict[int, float] = {}
    for _ in range(moves):
        _to_and_fro([incident], committed)
        time.sleep(SPACING_SECONDS)
    return {"committed": committed}


def publish(*, messages: int) -> dict[str, Any]:
    """Publish messages of the same size as often; say when."""
    import redis

    store = redis.Redis(port=int(sys.argv[1]))
    published: dict[int, float] = {}
    for _ in range(messages):
        number = len(published) + time.monotonic_ns()
        published[number] = time.monotonic()
        store.publish(BARE_CHANNEL, json.dumps({"type": "incident.changed", "incident_id": 1, "cursor": number}))
        time.sleep(SPACING_SECONDS)
    return {"published": published}


def burst(*, moves: int, incidents: int) -> dict[str, Any]:
    """Move so many incidents as fast as they commit, all of them in each transaction; return where each ends."""
    from django.db.models import Max

    from incidents.models import Transition

    rows = _incidents(incidents)
    began = time.monotonic()
    for _ in range(moves // incidents):
        _to_and_fro(rows, {})
    seconds = time.monotonic() - began
    newest = Transition.objects.filter(incident__in=rows).values_list("incident").annotate(Max("pk"))
    return {"seconds": seconds, "newest": dict(newest)}


def _to_and_fro(incidents: list[Any], committed: dict[int, float]) -> None:
    from django.db import transaction

    from incidents.choices import Status
    from incidents.lifecycle import incident_move

    with transaction.atomic():
        stamps: list[float] = []
        # The first to be called after the commit, before anybody is told.
        transaction.on_commit(lambda: stamps.append(time.monotonic()))
        made = []
        for incident in incidents:
            target = Status.OPEN if incident.status == Status.TRIAGING else Status.TRIAGING
            made.append(incident_move(incident=incident, target=target, actor="system:bench", wake=False))
    committed.update({transition.pk: stamps[0] for transition in made})


def _incidents(count: int) -> list[Any]:
    from incidents.tests.factories import IncidentFactory

    return [IncidentFactory.create() for _ in range(count)]


if __name__ == "__main__":
    main()
