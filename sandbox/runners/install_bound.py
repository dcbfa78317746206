"""A bound on the disk that an installation takes: a watcher beside it, out of its reach."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import requests
import structlog
from docker.errors import DockerException
from docker.models.containers import Container

from sandbox.contract import SandboxRefused, SandboxUnavailable
from sandbox.runners.engine import Executed, container_end, execute

logger = structlog.get_logger(__name__)

TOO_MUCH = 9
WATCHED_SECONDS = 86_400
# What may lie in files that are unlinked and still open shows on the disk alone, among everybody's writing.
UNSEEN_FACTOR = 2
SCRIPT = """
used() { set -- $(df -Pk "$directory" | tail -n 1); echo "$3"; }
directory=$0 limit=$1 before=$(used)
while :; do
  kept=$(du -sk "$directory" 2>/dev/null | cut -f 1)
  [ -n "$kept" ] || exit 8
  [ "$kept" -gt "$limit" ] && exit 9
  [ $(($(used) - before)) -gt "$2" ] && exit 9
  [ "$3" = once ] && exit 0
  sleep 1
done
"""


@contextmanager
def bounded(
    installing: Container,
    directory: str,
    limit_mib: int,
    make: Callable[..., AbstractContextManager[Container]],
) -> Iterator[None]:
    """End `installing` when what it wrote into `directory`, a volume of its own, is more than `limit_mib`.

    It is looked at about once a second, by a container that sees its files and not its processes, and once more at
    the end. Raises SandboxRefused for too much, SandboxUnavailable if the watcher does not live.
    """
    # Whoever installs can close directories to others; reading them is the one thing that the watcher may do.
    options = {"user": "0:0", "cap_add": ["DAC_READ_SEARCH"], "network_mode": "none"}
    with make(volumes_from=[f"{installing.id}:ro"], **options) as watcher:
        watch = _Watch(watcher, installing, directory, limit_mib)
        try:
            yield
            watch.measure()
        finally:
            watch.end()


class _Watch:
    def __init__(self, watcher: Container, installing: Container, directory: str, limit_mib: int) -> None:
        self._watcher = watcher
        self._installing = installing
        self._directory = directory
        self._limit_mib = limit_mib
        self._is_over = False
        self._ended: Executed | None = None
        threading.Thread(target=self._run, name="install-bound", daemon=True).start()

    def end(self) -> None:
        """Watch no longer. Raises if the watcher has ended the installation, or has ended itself."""
        self._is_over = True
        if self._ended is not None:
            self._judge(self._ended)

    def measure(self) -> None:
        """Look once more, now that nothing is written any more."""
        self._judge(self._execute("once"))

    def _run(self) -> None:
        try:
            ended = self._execute("always")
        except (DockerException, requests.RequestException, OSError) as error:
            # Whoever installs talks to the same engine and meets the same trouble.
            logger.warning("sandbox.watch_lost", error=str(error))
            return
        if not self._is_over:
            self._ended = ended
            container_end(self._installing)

    def _execute(self, how_often: str) -> Executed:
        limit_kib = self._limit_mib * 1024
        words = [self._directory, str(limit_kib), str(UNSEEN_FACTOR * limit_kib), how_often]
        return execute(
            self._watcher, ["sh", "-c", SCRIPT, *words], wall_seconds=WATCHED_SECONDS, output_bytes=4096
        )

    def _judge(self, ended: Executed) -> None:
        if ended.exit_code == TOO_MUCH:
            raise SandboxRefused(
                f"the dependencies take more than {self._limit_mib} MiB; install less or raise SANDBOX_INSTALL_MIB"
            )
        if ended.exit_code != 0:
            raise SandboxUnavailable(
                f"what is installed could not be measured (exit code {ended.exit_code}): {ended.text.strip()}"
            )
