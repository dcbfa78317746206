"""A web server that is told to end answers what it began to read; a thread of it that ends leaves nothing open."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from config import embedded, env
from config.env import BASE_DIR
from config.processes import IDLE_SECONDS, STOP_SECONDS, WEB_THREADS, free_port, web

pytestmark = pytest.mark.timeout(300)

BODY = b'{"Type": "Notification"}'
# The least that granian takes.
SHORT_IDLE_SECONDS = 5


@contextmanager
def a_web_server(port: int, *, idle_seconds: int = IDLE_SECONDS) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(env.load().data_dir),
        # What its connections to PostgreSQL say of themselves (libpq).
        "PGAPPNAME": application_name(port),
    }
    loaded = env.load().model_copy(update={"port": port})
    command = list(web(loaded).command)
    command[command.index("--blocking-threads-idle-timeout") + 1] = str(idle_seconds)
    server = subprocess.Popen(command, env=environment, cwd=BASE_DIR)
    try:
        until(lambda: is_healthy(port))
        yield server
    finally:
        server.kill()
        server.wait()


def application_name(port: int) -> str:
    return f"web {port}"


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
    except httpx.TransportError:
        return False


def test_a_request_that_is_half_read_is_answered_and_a_new_one_is_refused() -> None:
    port = free_port()
    with a_web_server(port) as server, socket.create_connection(("127.0.0.1", port), timeout=30) as half:
        head = f"POST /webhooks/sns/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(BODY)}\r\n\r\n"
        half.sendall(head.encode() + BODY[:5])
        time.sleep(0.5)

        server.send_signal(signal.SIGTERM)
        time.sleep(1)
        half.sendall(BODY[5:])

        # What is no message of SNS is refused: by the product, so it was read to its end.
        assert half.recv(100).startswith(b"HTTP/1.1 400")
        assert server.wait(timeout=STOP_SECONDS) == 0
        assert not is_healthy(port)


def test_threads_that_the_server_ended_leave_no_connection_to_postgres() -> None:
    port = free_port()
    with (
        a_web_server(port, idle_seconds=SHORT_IDLE_SECONDS),
        psycopg.connect(embedded.database_url(env.load().data_dir), autocommit=True) as observer,
        ThreadPoolExecutor(WEB_THREADS * 2) as clients,
    ):

        def connections() -> int:
            row = observer.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [application_name(port)]
            ).fetchone()
            assert row is not None
            return int(row[0])

        for _ in range(WEB_THREADS * 8):
            clients.submit(httpx.get, f"http://127.0.0.1:{port}/readyz", timeout=30)
        until(lambda: connections() > 1)
        clients.shutdown()

        # The server keeps one thread, whatever it has to do.
        until(lambda: connections() == 1)
