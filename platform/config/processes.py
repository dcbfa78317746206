"""The product's processes on one machine, kept running by supervisord and ended with it."""

import fcntl
import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, cast

from supervisor.xmlrpc import SupervisorTransport

from config.env import BASE_DIR, Env
from core.errors import PlatformError

PYTHON = sys.executable
STOP_SECONDS = 20
# For each process. More would only wait for each other: the interpreter runs one thread at a time.
WEB_THREADS = 4
# Until the web server ends a thread that has nothing to do, and with it a database connection: the most it takes.
IDLE_SECONDS = 600
# Of what a browser says to the live feed; larger is refused before it is read.
LARGEST_FRAME_BYTES = 16_384


class ProcessesFailed(PlatformError):
    """A process cannot be started or does not stay up; the text says what to do."""


@dataclass(frozen=True)
class Program:
    """A command that is started again when it dies."""

    name: str
    command: Sequence[str]


def web(env: Env, *, processes: int = 1) -> Program:
    """Return the HTTP server: pages, API and webhooks."""
    return Program(
        "web",
        [
            *(PYTHON, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws"),
            *("--host", env.host, "--port", str(env.port), "--workers", str(processes)),
            *("--blocking-threads", str(WEB_THREADS), "--blocking-threads-idle-timeout", str(IDLE_SECONDS)),
            *("--workers-kill-timeout", "5", "--respawn-failed-workers"),
            *("--log-level", "warning"),
        ],
    )


def live(env: Env) -> Program:
    """Return the server of websockets."""
    return Program(
        "live",
        [
            *(
                PYTHON,
                "-m",
                "uvicorn",
                "config.asgi:application",
                "--host",
                env.host,
                "--port",
                str(env.feed_port),
            ),
            *("--lifespan", "off", "--no-access-log", "--timeout-graceful-shutdown", "5"),
            # Messages are short and shared: to press each of them once for each client costs more than it saves.
            *("--ws-per-message-deflate", "false", "--ws-max-size", str(LARGEST_FRAME_BYTES)),
        ],
    )


def worker(name: str, queues: Sequence[str], *, threads: int) -> Program:
    return Program(
        name,
        [
            *(PYTHON, "-m", "celery", "-A", "config", "worker", "-n", f"{name}@%(host_node_name)s"),
            *("-Q", ",".join(queues), "--pool", "threads", "--concurrency", str(threads)),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        ],
    )


def beat(env: Env) -> Program:
    return Program(
        "beat",
        [
            *(PYTHON, "-m", "celery", "-A", "config", "beat", "--loglevel", "WARNING"),
            *("-s", str(env.data_dir / "celerybeat-schedule")),
        ],
    )


def product(env: Env) -> list[Program]:
    """Return the processes of one installation: web, live feed, workers for models and for the sandbox, beat."""
    return [
        web(env),
        live(env),
        worker("worker", ["intake", "default", "agents"], threads=8),
        worker("sandbox", ["sandbox"], threads=2),
        beat(env),
    ]


def model_standin(script: Path, port: int) -> Program:
    return Program(
        "model",
        [PYTHON, "-m", "integrations.anthropic.standin", "--script", str(script), "--port", str(port)],
    )


def cloudwatch_standin(port: int) -> Program:
    return Program("cloudwatch", [PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)])


def free_port() -> int:
    """Return a loopback port that is free at this moment, and so is the next one: an installation takes both."""
    while True:
        with socket.socket() as probe, socket.socket() as next_one:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            with suppress(OSError, OverflowError):
                next_one.bind(("127.0.0.1", port + 1))
                return port


def port_check(env: Env) -> None:
    """Raise ProcessesFailed if something already listens where the web server or the live feed should."""
    for setting, port in (("PORT", env.port), ("LIVE_PORT", env.feed_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((env.host, port))
            except OSError as error:
                raise ProcessesFailed(
                    f"port {port} on {env.host} cannot be used ({error.strerror}). "
                    f"End what listens there, or set {setting} to another one."
                ) from error


class Processes:
    """A running supervisord and its programs."""

    def __init__(self, directory: Path, logs: Path) -> None:
        self._socket = directory / "supervisor.sock"
        self._logs = logs

    def states(self) -> dict[str, tuple[str, int]]:
        """Return state name and process id by program. Raises ProcessesFailed if supervisord is gone."""
        try:
            found = self._rpc().supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Fault) as error:
            raise ProcessesFailed(f"the process runner does not answer ({error}); see {self._logs}") from error
        rows = cast(list[dict[str, Any]], found)
        return {row["name"]: (row["statename"], row["pid"]) for row in rows}

    def check(self) -> None:
        """Raise ProcessesFailed if a program has died too often to be started again."""
        fatal = [name for name, (state, _) in self.states().items() if state == "FATAL"]
        if fatal:
            raise ProcessesFailed(
                f"{' and '.join(fatal)} does not stay up: see {self._logs / (fatal[0] + '.log')}"
            )

    def shutdown(self) -> bool:
        """Ask supervisord to stop everything; return whether it was there."""
        try:
            self._rpc().supervisor.shutdown()
        except (OSError, xmlrpc.client.Fault):
            return False
        return True

    def _rpc(self) -> xmlrpc.client.ServerProxy:
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self._socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


@contextmanager
def running(programs: Sequence[Program], env: Env, environment: Mapping[str, str]) -> Iterator[Processes]:
    """Run `programs` with `environment` added to ours until the block is left; then none of them is left.

    Raises ProcessesFailed if another `up` or `demo` runs on the same data directory.
    """
    directory, logs = env.data_dir, env.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    processes = Processes(directory, logs)
    with (directory / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ProcessesFailed(
                f"the platform is already running on {directory}. Stop it with Ctrl-C first."
            ) from error
        _stop_left_over(processes)
        port_check(env)
        config = directory / "supervisord.conf"
        config.write_text(_config(programs, directory, logs))
        supervisord = subprocess.Popen(
            [PYTHON, "-m", "supervisor.supervisord", "--nodaemon", "-c", str(config)],
            cwd=BASE_DIR,
            env={**os.environ, **_python_environment(env), **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C is for this process: it then ends the others in order.
            start_new_session=True,
        )
        try:
            _wait_for_runner(processes, supervisord)
            yield processes
        finally:
            supervisord.terminate()
            try:
                supervisord.wait(timeout=STOP_SECONDS * 2)
            except subprocess.TimeoutExpired:
                supervisord.kill()
                supervisord.wait()


def _stop_left_over(processes: Processes) -> None:
    """End what a killed `up` or `demo` left running: we hold its lock, so its owner is gone."""
    if not processes.shutdown():
        return
    for _ in range(STOP_SECONDS * 10):
        time.sleep(0.1)
        try:
            processes.states()
        except ProcessesFailed:
            return
    raise ProcessesFailed("processes of an earlier run do not end; end the supervisord process by hand")


def _wait_for_runner(processes: Processes, supervisord: "subprocess.Popen[bytes]") -> None:
    for _ in range(100):
        if supervisord.poll() is not None:
            break
        try:
            processes.states()
        except ProcessesFailed:
            time.sleep(0.1)
        else:
            return
    raise ProcessesFailed(
        "the process runner (supervisord) does not start; see supervisord.log in the data directory"
    )


def _python_environment(env: Env) -> dict[str, str]:
    return {
        "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
        "PYTHONUNBUFFERED": "1",
        # A heap for each few of a worker's threads keeps more and more that is free; as in the Dockerfile.
        "MALLOC_ARENA_MAX": "2",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(env.data_dir),
        "PORT": str(env.port),
        "LIVE_PORT": str(env.feed_port),
    }


RUNNER = Template("""\
[supervisord]
pidfile = $directory/supervisord.pid
logfile = $logs/supervisord.log
childlogdir = $logs
$user

[unix_http_server]
file = $directory/supervisor.sock
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
""")

PROGRAM = Template("""
[program:$name]
command = $command
stdout_logfile = $logs/$name.log
redirect_stderr = true
autorestart = true
startsecs = 2
startretries = 3
stopwaitsecs = $stop_seconds
stopasgroup = false
killasgroup = true
""")


def _config(programs: Sequence[Program], directory: Path, logs: Path) -> str:
    user = "user = root" if os.geteuid() == 0 else ""
    parts = [RUNNER.substitute(directory=directory, logs=logs, user=user)]
    parts.extend(
        PROGRAM.substitute(
            name=program.name, command=" ".join(program.command), logs=logs, stop_seconds=STOP_SECONDS
        )
        for program in programs
    )
    return "".join(parts)
