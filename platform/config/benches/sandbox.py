"""What the sandbox adds to a bare run of the tests, and how much of preparing it the agents' thinking hides."""

import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
from django.conf import settings

from config.benches import Measured, critical_path
from config.env import BASE_DIR
from core.patch import Patch
from sandbox.baseline import baseline_measure
from sandbox.contract import Limits, Sandbox
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import container_remove, engine_connect
from sandbox.runners.local import LocalSandbox
from sandbox.trial import try_fix

BUNDLED = BASE_DIR / "evals" / "demo" / "orders-service"
REPOSITORY = "bench/orders-service"
MANY_TESTS = 200
REPEATS = 3
# What a patched run may cost: so much of the bare run, and so much on top.
RATIO_ALLOWED, FIXED_SECONDS_ALLOWED = 1.25, 1.0

BROKEN = {"src/bench.js": "module.exports = (a, b) => a - b;\n"}
TEST = {"tests/bench.test.js": "test('adds', () => expect(require('../src/bench')(2, 3)).toBe(5));\n"}
RIGHT = Patch({"src/bench.js": "module.exports = (a, b) => a + b;\n", **TEST})
WRONG = Patch({"src/bench.js": "module.exports = (a, b) => b - a;\n", **TEST})


def measure() -> Measured:
    """Time two suites bare and in the container engine, both warm; the floor is the bare run."""
    sandbox = DockerSandbox(_engine(), limits=Limits(memory_mib=2048))
    with tempfile.TemporaryDirectory(prefix="agent-platform-bench-") as place:
        bundled = _suite(Path(place, "bundled"), tests=0)
        rows = []
        figures: dict[str, float] = {}
        for name, checkout in (("bundled", bundled), ("200 tests", _suite(Path(place, "many"), tests=MANY_TESTS))):
            row, found = _compared(sandbox, name, checkout)
            rows.append(row)
            figures |= found if name == "bundled" else {f"many_{key}": value for key, value in found.items()}
        figures |= _side_by_side(sandbox, bundled)
        figures |= _cold(sandbox, bundled)
    figures |= critical_path.measure()
    return Measured(
        columns=["suite", "bare, s", "patched in the sandbox, s", "allowed, s", "prepare warm, s"],
        rows=rows,
        figures=figures,
    )


def _suite(directory: Path, *, tests: int) -> Path:
    """Write the bundled service with a bug of ours and `tests` more tests."""
    shutil.copytree(BUNDLED, directory, ignore=shutil.ignore_patterns("node_modules"))
    for path, content in BROKEN.items():
        (directory / path).write_text(content)
    for number in range(tests // 20):
        lines = [f"test('{number} {i}', () => expect({i} + 1).toBe({i + 1}));\n" for i in range(20)]
        (directory / "tests" / f"many{number}.test.js").write_text("".join(lines))
    return directory


def _compared(sandbox: Sandbox, name: str, checkout: Path) -> tuple[list[str], dict[str, float]]:
    prepared = sandbox.prepare(checkout, repository=REPOSITORY)
    warm = sandbox.prepare(checkout, repository=REPOSITORY).seconds
    words = _bare(checkout)
    bare = _fastest(lambda: subprocess.run(words, cwd=checkout, check=False, capture_output=True))
    patched = _fastest(lambda: sandbox.run(prepared, RIGHT))
    allowed = bare * RATIO_ALLOWED + FIXED_SECONDS_ALLOWED
    row = [name, f"{bare:.2f}", f"{patched:.2f}", f"{allowed:.2f}", f"{warm:.2f}"]
    figures = {"bare": bare, "patched": patched, "prepare_warm": warm}
    return row, {
        **{f"{key}_seconds": round(value, 3) for key, value in figures.items()},
        "ratio": round(patched / bare, 3),
        "ratio_less_a_second": round((patched - FIXED_SECONDS_ALLOWED) / bare, 3),
    }


def _bare(checkout: Path) -> list[str]:
    """Install beside the sources on this machine and return the words that run the tests there."""
    local = LocalSandbox(
        cache=settings.ENV.data_dir / "sandbox" / "dependencies", allowed_repositories=frozenset({REPOSITORY})
    )
    prepared = local.prepare(checkout, repository=REPOSITORY)
    shutil.copytree(prepared.dependencies, checkout / "node_modules", symlinks=True)
    return [word.replace("{report}", f"{checkout.parent}/report") for word in prepared.command]


def _fastest(run: Callable[[], object]) -> float:
    """Return the best of a few wall times in seconds: on a busy machine the others measure its other work."""
    taken = []
    for _ in range(REPEATS):
        started_at = time.monotonic()
        run()
        taken.append(time.monotonic() - started_at)
    return min(taken)


def _cold(sandbox: DockerSandbox, checkout: Path) -> dict[str, float]:
    """Prepare from nothing: install, then measure the baseline."""
    started_at = time.monotonic()
    # Read by an installation and of no effect: whatever is kept is not for this commit.
    (checkout / ".npmrc").write_text(f"; {secrets.token_hex(8)}\n")
    prepared = sandbox.prepare(checkout, repository=REPOSITORY)
    installed = time.monotonic() - started_at
    baseline_measure(sandbox, prepared)
    everything = time.monotonic() - started_at
    container_remove(_engine(), prepared.dependencies)
    return {
        "prepare_cold_seconds": round(installed, 3),
        "prepare_and_baseline_seconds": round(everything, 3),
    }


def _engine() -> docker.DockerClient:
    return engine_connect(settings.ENV.docker_host, settings.ENV.docker_certificates)


def _side_by_side(sandbox: Sandbox, checkout: Path) -> dict[str, float]:
    prepared = sandbox.prepare(checkout, repository=REPOSITORY)
    baseline = baseline_measure(sandbox, prepared)

    def verdict(patch: Patch) -> str:
        return try_fix(sandbox, prepared, patch, baseline=baseline).verdict

    patches = [RIGHT, WRONG, RIGHT, WRONG]
    one_by_one = [verdict(patch) for patch in patches]
    started_at = time.monotonic()
    with ThreadPoolExecutor(len(patches)) as workers:
        at_once = list(workers.map(verdict, patches))
    return {
        "four_at_once_seconds": round(time.monotonic() - started_at, 3),
        "four_at_once_equal": int(at_once == one_by_one == ["fixed", "still_failing"] * 2),
    }
