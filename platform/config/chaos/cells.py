"""The cells of the crash matrix: what is done to the platform, and where."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil
from docker.errors import APIError

from config.chaos.kills import POINTS, TALKING, Point, is_pending, order_kill, order_path
from config.chaos.proxy import FAULTS, Fault
from config.chaos.rig import SYSTEMS, Rig
from config.env import BASE_DIR
from config.processes import PYTHON
from core.shared_store import shared_store
from incidents.choices import Stage, Status
from incidents.models import Incident

# How long a cell waits for its fault to be met, and how long a fault of an outside system lasts after that.
MEET_SECONDS = 120.0
FAULT_SECONDS = 1.5
INSIDE = frozenset({Status.TRIAGING, Status.DIAGNOSING, Status.FIXING, Status.REVIEWING, Status.OPENING_PR})


@dataclass(frozen=True)
class Cell:
    """One square: `arm` comes before the alarms, `meet` after them; it returns whether the fault was met.

    Most tests run as processes of this machine, which is quick; some cells are about tests in containers.
    """

    what: str
    where: str
    arm: Callable[[Rig], None]
    meet: Callable[[Rig, list[str]], bool]
    in_containers: bool = False

    @property
    def name(self) -> str:
        return f"{self.what} {self.where}"


def matrix() -> list[Cell]:
    """Return every cell."""
    cells = [_killed_at(stage, point) for stage in Stage for point in POINTS]
    cells += [_killed_at(stage, "answered") for stage in TALKING]
    cells += [_killed(name) for name in ("web", "live", "beat", "worker", "sandbox")]
    cells += [
        Cell("test run", "killed", _nothing, _kill_a_test_run),
        Cell("redis", "killed, data lost", _nothing, _lose_redis),
        Cell("postgres", "restarted", _nothing, _restart_postgres),
    ]
    cells += [_outside(system, fault) for system in SYSTEMS for fault in FAULTS]
    cells += [
        Cell("container engine", "killed", _nothing, _kill_the_engine, in_containers=True),
        Cell("test container", "killed", _nothing, _kill_a_container, in_containers=True),
        Cell("sandbox with a container", "killed", _nothing, _kill_its_worker, in_containers=True),
    ]
    return cells


def _nothing(_rig: Rig) -> None:
    """Arm nothing: the fault comes once the alarms are at work."""


def _killed_at(stage: Stage, point: Point) -> Cell:
    def arm(rig: Rig) -> None:
        order_kill(rig.env.data_dir, stage.value, point)

    def meet(rig: Rig, _alarms: list[str]) -> bool:
        is_met = _until(lambda: not is_pending(rig.env.data_dir))
        order_path(rig.env.data_dir).unlink(missing_ok=True)
        return is_met

    return Cell(f"worker killed in {stage.value}", point, arm, meet)


def _killed(name: str) -> Cell:
    def meet(rig: Rig, alarms: list[str]) -> bool:
        if name != "web" and not _until(lambda: _at_work(alarms)):
            return False
        _kill(rig, name)
        return True

    return Cell(name, "killed", _nothing, meet)


def _kill(rig: Rig, name: str) -> None:
    _, pid = rig.processes.states()[name]
    if name in ("worker", "sandbox"):
        # The whole of it, as a host that is gone: the parent that forks workers, and its child.
        for child in psutil.Process(pid).children():
            child.kill()
    os.kill(pid, signal.SIGKILL)


def _kill_a_test_run(rig: Rig, _alarms: list[str]) -> bool:
    def killed() -> bool:
        _, pid = rig.processes.states()["sandbox"]
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if any("node_test_driver" in word for word in process.cmdline()):
                    process.kill()
                    return True
        return False

    return _until(killed, every_seconds=0.01)


def _kill_the_engine(rig: Rig, _alarms: list[str]) -> bool:
    """Kill the engine while tests run, and start it again a while later."""
    if rig.engine is None or not _until(lambda: bool(rig.test_containers())):
        return False
    rig.engine.kill()
    time.sleep(FAULT_SECONDS)
    rig.engine.start()
    return True


def _kill_a_container(rig: Rig, _alarms: list[str]) -> bool:
    def killed() -> bool:
        for container in rig.test_containers():
            with suppress(APIError):
                container.kill()
                return True
        return False

    return _until(killed)


def _kill_its_worker(rig: Rig, _alarms: list[str]) -> bool:
    is_met = _until(lambda: bool(rig.test_containers()))
    _kill(rig, "sandbox")
    return is_met


def _lose_redis(rig: Rig, alarms: list[str]) -> bool:
    if not _until(lambda: _at_work(alarms)):
        return False
    os.kill(int(shared_store().info("server")["process_id"]), signal.SIGKILL)
    _start_again(rig)
    return True


def _restart_postgres(rig: Rig, alarms: list[str]) -> bool:
    if not _until(lambda: _at_work(alarms)):
        return False
    postmaster = int((rig.env.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    # SIGQUIT: at once, without telling anybody, as after a crash (postgres(1)).
    os.kill(postmaster, signal.SIGQUIT)
    _until(lambda: not psutil.pid_exists(postmaster))
    _start_again(rig)
    return True


def _start_again(rig: Rig) -> None:
    """Start what is missing of the embedded services, as any command of the platform does."""
    environment = {**os.environ, "DATA_DIR": str(rig.env.data_dir)}
    subprocess.run([PYTHON, "-c", START], cwd=BASE_DIR / "platform", env=environment, check=True)


# Without its end: the services stay up for the others.
START = "import os; from config import embedded, env; embedded.use(env.load()); os._exit(0)"


def _outside(system: str, fault: Fault) -> Cell:
    def arm(rig: Rig) -> None:
        rig.proxies[system].hits.clear()
        rig.proxies[system].play(fault)

    def meet(rig: Rig, _alarms: list[str]) -> bool:
        is_met = _until(lambda: rig.proxies[system].hits[fault] > 0)
        time.sleep(FAULT_SECONDS)
        rig.proxies[system].mend()
        return is_met

    return Cell(system, f"answers {fault}" if fault.isdecimal() or fault == "garbage" else fault, arm, meet)


def _at_work(alarms: list[str]) -> bool:
    return Incident.objects.filter(title__in=alarms, status__in=INSIDE).exists()


def _until(holds: Callable[[], bool], *, every_seconds: float = 0.05) -> bool:
    deadline = time.monotonic() + MEET_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(every_seconds)
    return False
