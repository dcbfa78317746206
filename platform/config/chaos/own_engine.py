"""A container engine of one's own, which may be killed, beside the one that everybody shares."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker

from sandbox.contract import SandboxUnavailable
from sandbox.runners.engine import engine_connect

START_SECONDS = 60
# Of a block that is set aside for tests of networks (RFC 2544).
BRIDGE_ADDRESS = "198.19.255.1/28"


@contextmanager
def own_engine(source: docker.DockerClient, image: str, *, options: Sequence[str] = ()) -> Iterator["OwnEngine"]:
    """Yield a running engine that has the image; nothing of it is left afterwards."""
    # Not below /tmp: that is memory on some machines, and overlays cannot lie on it.
    directory = Path(tempfile.mkdtemp(prefix="agent-platform-own-engine-", dir="/var/tmp"))
    engine = OwnEngine(directory, options=options)
    try:
        engine.start()
        engine.load(source, image)
        yield engine
    finally:
        engine.stop()
        shutil.rmtree(directory)


class OwnEngine:
    """A dockerd below `directory` with a bridge of its own that leads nowhere.

    Not `--bridge none`: that takes away the docker0 of every other engine of the machine.
    """

    def __init__(self, directory: Path, *, options: Sequence[str] = ()) -> None:
        self._directory = directory
        self._options = tuple(options)
        self._process: subprocess.Popen[bytes] | None = None
        self.host = f"unix://{directory / 'docker.sock'}"
        # Names of network devices have 15 characters at most.
        self._bridge = f"ap-own-{os.getpid() % 10_000_000}"

    @staticmethod
    def why_not() -> str:
        """Return why no engine can be started here, or an empty string."""
        if os.geteuid() != 0:
            return "an engine of its own needs root"
        missing = [program for program in ("dockerd", "ip") if not shutil.which(program)]
        return f"{missing[0]} is not installed" if missing else ""

    def start(self) -> docker.DockerClient:
        """Start it, again after a kill, and return a client. Raises SandboxUnavailable after START_SECONDS."""
        # What a killed engine leaves behind: its containerd, and files with the numbers of dead processes.
        self._end_containerd()
        for name in ("pid", "exec/containerd/containerd.pid"):
            (self._directory / name).unlink(missing_ok=True)
        if not Path("/sys/class/net", self._bridge).exists():
            subprocess.run(["ip", "link", "add", self._bridge, "type", "bridge"], check=True)
            subprocess.run(["ip", "address", "add", BRIDGE_ADDRESS, "dev", self._bridge], check=True)
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "dockerd",
                    *("--data-root", str(self._directory / "data"), "--exec-root", str(self._directory / "exec")),
                    *("--pidfile", str(self._directory / "pid"), "-H", self.host),
                    *("--bridge", self._bridge, "--iptables=false", "--ip-masq=false", *self._options),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                return engine_connect(self.host)
            except SandboxUnavailable:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL the engine, not what it started: as the kernel does when memory runs out."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End it with everything that it runs."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
        self._end_containerd()
        subprocess.run(["ip", "link", "delete", self._bridge], check=False, capture_output=True)
        # The engine mounts its data over itself, and one that was killed leaves that behind.
        subprocess.run(["umount", "--lazy", self._directory / "data"], check=False, capture_output=True)

    def load(self, source: docker.DockerClient, image: str) -> None:
        """Copy an image from another engine."""
        client = engine_connect(self.host)
        with tempfile.TemporaryFile(dir=self._directory) as archive:
            for part in source.images.get(image).save(named=True):
                archive.write(part)
            archive.seek(0)
            client.images.load(archive)

    def _end_containerd(self) -> None:
        """End the containerd and the shims whose sockets lie below our directory."""
        for process in [entry for entry in Path("/proc").iterdir() if entry.name.isdecimal()]:
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                # It ended meanwhile.
                continue
            program = Path(os.fsdecode(words[0])).name
            if program.startswith("containerd") and any(
                os.fsencode(self._directory) in word for word in words[1:]
            ):
                _end(int(process.name))


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.05)
    except (ProcessLookupError, FileNotFoundError):
        return
