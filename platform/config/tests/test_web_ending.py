"""A web server that is told to end answers what it has begun to read, and takes nothing new."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from config import env
from config.env import BASE_DIR
from config.processes import STOP_SECONDS, free_port, web

BODY = b'{"Type": "Notification"}'


@contextmanager
def a_web_server(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(env.load().data_dir),
    }
    loaded = env.load().model_copy(update={"port": port})
    server = subprocess.Popen(web(loaded).command, env=environment, cwd=BASE_DIR)
    try:
        deadline = time.monotonic() + 60
        while not is_healthy(port):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield server
    finally:
        server.kill()
        server.wait()


def is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
    except httpx.TransportError:
        return False


@pytest.mark.timeout(120)
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
