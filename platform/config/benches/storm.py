"""A storm: every notification delivered many times, workers running, a web server killed in the middle."""

import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

from config.benches import Measured
from config.benches.scratch import Scratch, say, scratch
from config.processes import Processes, product, running
from config.readiness import wait_until_ready

NOTIFICATIONS = 10_000
DELIVERIES = 10
ALARMS = 50
CONNECTIONS = 8
ATTACHED_WITHIN_SECONDS = 60
# None enters the pipeline: what a storm leaves waiting is part of what is measured.
SERVICE = """
from incidents.models import Service
Service.objects.create(
    name="bench", repository="bench/none", alarm_patterns=["bench-*"], incidents_per_hour=0
)
"""


def measure() -> Measured:
    """Count what is left of the storm: incidents, occurrences, what was lost, seconds until all is attached."""
    with scratch() as place:
        say(f"Signing {NOTIFICATIONS} notifications ...")
        bodies = place.notifications(NOTIFICATIONS, alarms=ALARMS)
        place.shell(SERVICE)
        with running(product(place.env), place.env, place.environment()) as processes:
            wait_until_ready(place.env.health_addresses, processes)
            say(f"Delivering each {DELIVERIES} times over {CONNECTIONS} connections ...")
            killer = threading.Thread(target=_kill_in_the_middle, args=(place, processes))
            killer.start()
            sent = place.send(
                f"{place.env.address}/webhooks/sns/",
                bodies,
                *("--repeat", str(DELIVERIES), "--connections", str(CONNECTIONS), "--retries"),
            )
            killer.join()
            attached_seconds = _wait_until_attached(place)
        found = _found(place)
    return _measured(sent, found, attached_seconds)


def _kill_in_the_middle(place: Scratch, processes: Processes) -> None:
    """Kill the web server once half of the notifications are stored; the process runner starts it again."""
    while _count(place, "incidents_event") < NOTIFICATIONS // 2:
        time.sleep(0.2)
    _, pid = processes.states()["web"]
    say(f"Killing the web server (process {pid}) ...")
    os.kill(pid, signal.SIGKILL)


def _wait_until_attached(place: Scratch) -> float:
    """Return how long after the last answer the last event was attached; stops waiting after twice the target."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * ATTACHED_WITHIN_SECONDS:
        if not place.value("SELECT count(*) FROM incidents_event WHERE drained_at IS NULL"):
            break
        time.sleep(0.2)
    return time.monotonic() - began


def _found(place: Scratch) -> dict[str, int]:
    return {
        "incidents": _count(place, "incidents_incident"),
        "stored": _count(place, "incidents_event"),
        "attached": _count(place, "incidents_event WHERE incident_id IS NOT NULL"),
        "occurrences": int(place.value("SELECT coalesce(sum(occurrences), 0) FROM incidents_incident")),
        "exact": _count(place, f"incidents_incident WHERE occurrences = {NOTIFICATIONS // ALARMS}"),
    }


def _count(place: Scratch, what: str) -> int:
    return int(place.value(f"SELECT count(*) FROM {what}"))  # noqa: S608  # the words of this file


def _measured(sent: Mapping[str, Any], found: Mapping[str, int], attached_seconds: float) -> Measured:
    deliveries = sum(sent["statuses"].values())
    return Measured(
        columns=["", "found", "expected"],
        rows=[
            ["deliveries", str(deliveries), str(NOTIFICATIONS * DELIVERIES)],
            ["answered 200 in the end", str(sent["statuses"].get("200", 0)), str(NOTIFICATIONS * DELIVERIES)],
            ["stored", str(found["stored"]), str(NOTIFICATIONS)],
            ["incidents", str(found["incidents"]), str(ALARMS)],
            ["incidents with exactly their occurrences", str(found["exact"]), str(ALARMS)],
            ["attached after the last answer, s", f"{attached_seconds:.1f}", f"under {ATTACHED_WITHIN_SECONDS}"],
            ["deliveries a second", f"{deliveries / sent['seconds']:.0f}", ""],
        ],
        figures={
            "deliveries": deliveries,
            "deliveries_per_second": round(deliveries / sent["seconds"], 1),
            "incidents": found["incidents"],
            "occurrences": found["occurrences"],
            "lost": NOTIFICATIONS - found["attached"],
            "attached_seconds": round(attached_seconds, 1),
        },
    )
