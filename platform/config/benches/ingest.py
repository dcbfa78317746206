"""How many signed notifications a second the webhook stores, against the least that must be done for each."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from config.benches import Measured
from config.benches.scratch import Scratch, say, scratch
from config.env import BASE_DIR
from config.processes import PYTHON, STOP_SECONDS, free_port, web

CONNECTIONS = 16
WARM_UP = 300
SLICE = 1500
# Both are measured in turns, so that whatever else the machine does falls on both.
TURNS = 3
PACED = 2000
PACED_SHARE = 0.7
SERVERS = 2


def measure() -> Measured:
    """Send distinct signed notifications to the real web program and to the floor, each with two processes."""
    with scratch() as place:
        count = 2 * WARM_UP + 2 * TURNS * SLICE + PACED
        say(f"Signing {count} notifications ...")
        bodies = place.notifications(count, alarms=count)
        with _server(place, _floor_command(port := free_port()), port) as floor, _product(place) as product:
            runs = _in_turns(place, bodies, {"floor": floor, "product": product})
            rate, floor_rate = _rate(runs["product"][1:]), _rate(runs["floor"][1:])
            say(f"Pacing at {PACED_SHARE:.0%} of {rate:.0f} requests/s ...")
            paced = _sent(place, product, bodies, count - PACED, PACED, "--rate", f"{rate * PACED_SHARE:.1f}")
        stored = place.value("SELECT count(*) FROM incidents_event WHERE disposition_reason <> 'floor'")
    statuses = [run["statuses"] for run in [*runs["product"], paced]]
    answered = sum(counts.get("200", 0) for counts in statuses)
    others = [counts for counts in statuses if set(counts) != {"200"}]
    return Measured(
        columns=["", "requests/s", "p50, ms", "p99, ms"],
        rows=[
            ["the floor", f"{floor_rate:.0f}", *_percentiles(runs["floor"][1:])],
            ["the webhook", f"{rate:.0f}", *_percentiles(runs["product"][1:])],
            [f"the webhook at {PACED_SHARE:.0%} of that", "", f"{paced['p50_ms']:.1f}", f"{paced['p99_ms']:.1f}"],
            ["ratio to the floor", f"{rate / floor_rate:.2f}", "", ""],
            ["answered 200 / stored", f"{answered} / {stored}", "", ""],
            ["other answers", str(others or "none"), "", ""],
        ],
        figures={
            "requests_per_second": round(rate, 1),
            "floor_requests_per_second": round(floor_rate, 1),
            "floor_ratio": round(rate / floor_rate, 3),
            "p50_ms": round(paced["p50_ms"], 1),
            "p99_ms": round(paced["p99_ms"], 1),
            "lost": answered - stored,
        },
    )


def _in_turns(place: Scratch, bodies: Path, urls: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return what came of each run by name; the first of each warms up and is not measured."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in urls}
    first = 0
    for turn in range(TURNS + 1):
        for name, url in urls.items():
            say(f"Turn {turn} of {TURNS}: {name} ...")
            count = SLICE if turn else WARM_UP
            runs[name].append(_sent(place, url, bodies, first, count))
            first += count
    return runs


def _sent(place: Scratch, url: str, bodies: Path, first: int, count: int, *more: str) -> dict[str, Any]:
    slice_of = ("--first", str(first), "--count", str(count), "--connections", str(CONNECTIONS))
    return place.send(url, bodies, *slice_of, *more)


def _rate(runs: Sequence[dict[str, Any]]) -> float:
    sent = sum(count for run in runs for count in run["statuses"].values())
    return float(sent / sum(run["seconds"] for run in runs))


def _percentiles(runs: Sequence[dict[str, Any]]) -> list[str]:
    """Return the middle turn's percentiles."""
    middle = sorted(runs, key=lambda run: run["p50_ms"])[len(runs) // 2]
    return [f"{middle['p50_ms']:.1f}", f"{middle['p99_ms']:.1f}"]


def _floor_command(port: int) -> list[str]:
    return [
        *(PYTHON, "-m", "uvicorn", "config.benches.ingest_floor:application", "--port", str(port)),
        *("--workers", str(SERVERS), "--lifespan", "off", "--no-access-log", "--log-level", "warning"),
    ]


@contextmanager
def _product(place: Scratch) -> Iterator[str]:
    with _server(place, web(place.env, processes=SERVERS).command, place.env.port) as url:
        yield url


@contextmanager
def _server(place: Scratch, command: Sequence[str], port: int) -> Iterator[str]:
    """Run a web server until the block is left; yield the webhook's address."""
    log = place.directory / f"server-{port}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=BASE_DIR, env=place.environment(), stdout=output, stderr=output)
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", server, log)
            yield f"http://127.0.0.1:{port}/webhooks/sns/"
        finally:
            server.terminate()
            server.wait(timeout=STOP_SECONDS)


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            httpx.get(url, timeout=2)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server at {url} does not start: {log.read_text()[-2000:]}")
