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
DISK_FULL = 7
WATCHED_SECONDS = 86_400
LAST_LOOK_SECONDS = 120
# What the watcher cannot see (a file that only a mapping or a message on its way holds) stops here at the latest,
# with an error that is true whoever wrote: a host without disk serves nobody.
FREE_MIB = 512
# The smallest block of usual file systems: files above this many can only be empty, and would take all inodes.
FILE_KIB = 4
# Each thread can have a table of open files of its own. A container can hold so many open that one look would take
# for ever: then nothing is measured.
SCRIPT = f"""
directory=$0 limit=$1 free=$2 how_often=$3 device=$(stat -c %d "$directory")
named() {{ du -ak "$directory" 2>/dev/null | awk '{{ kib = $1 }} END {{ print kib, NR }}'; }}
opened() {{
  timeout 20 find /proc/[0-9]*/task/[0-9]*/fd -type l -exec stat -L -c '%d %h %i %b' {{}} + 2>/dev/null
  [ $? -lt 124 ] || echo late
}}
unlinked() {{
  opened | awk -v device="$device" '
    $1 == "late" {{ late = 1 }}
    $1 == device && $2 == 0 && !seen[$3]++ {{ blocks += $4 }}
    END {{ if (!late) print int(blocks / 2) }}'
}}
while :; do
  set -- $(named) $(unlinked)
  [ $# = 3 ] || exit 8
  [ $(($1 + $3)) -gt "$limit" ] && exit {TOO_MUCH}
  [ "$2" -gt $((limit / {FILE_KIB})) ] && exit {TOO_MUCH}
  [ "$(df -Pk "$directory" | awk 'END {{ print $4 }}')" -lt "$free" ] && exit {DISK_FULL}
  [ "$how_often" = once ] && exit 0
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

    Counted are its files and those unlinked from it that a process has open, about once a second and once more at
    the end, by a container that sees files and processes and is out of their reach. Raises SandboxRefused for too
    much, SandboxUnavailable if the watcher does not live or the engine's disk is nearly full.
    """
    # Whoever installs can close directories to others, and its open files are its own: reading both is all that
    # the watcher may do.
    options = {
        "user": "0:0",
        "cap_add": ["DAC_READ_SEARCH", "SYS_PTRACE"],
        "network_mode": "none",
        "pid_mode": f"container:{installing.id}",
    }
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
        # Ending the installation ends all in its process namespace, so it never happens beside the last look.
        self._lock = threading.Lock()
        self._is_over = False
        self._ended: Executed | None = None
        threading.Thread(target=self._run, name="install-bound", daemon=True).start()

    def end(self) -> None:
        """Watch no longer. Raises if the watcher has ended the installation, or has ended itself."""
        with self._lock:
            self._is_over = True
        if self._ended is not None:
            self._judge(self._ended)

    def measure(self) -> None:
        """Look once more, now that nothing is written any more."""
        self.end()
        self._judge(self._execute("once", LAST_LOOK_SECONDS))

    def _run(self) -> None:
        try:
            ended = self._execute("always", WATCHED_SECONDS)
        except (DockerException, requests.RequestException, OSError) as error:
            # Whoever installs talks to the same engine and meets the same trouble.
            logger.warning("sandbox.watch_lost", error=str(error))
            return
        with self._lock:
            if not self._is_over:
                self._ended = ended
                container_end(self._installing)

    def _execute(self, how_often: str, seconds: int) -> Executed:
        words = [self._directory, str(self._limit_mib * 1024), str(FREE_MIB * 1024), how_often]
        return execute(self._watcher, ["sh", "-c", SCRIPT, *words], wall_seconds=seconds, output_bytes=4096)

    def _judge(self, ended: Executed) -> None:
        if ended.exit_code == TOO_MUCH:
            raise SandboxRefused(
                f"the dependencies take more than {self._limit_mib} MiB; install less or raise SANDBOX_INSTALL_MIB"
            )
        if ended.exit_code == DISK_FULL:
            raise SandboxUnavailable(
                f"the engine's disk has less than {FREE_MIB} MiB left for installing dependencies; make room there"
            )
        if ended.exit_code != 0:
            raise SandboxUnavailable(
                f"what is installed could not be measured (exit code {ended.exit_code}): {ended.text.strip()}"
            )
