"""A few cells of the crash matrix with real processes; `make chaos` plays them all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.chaos.cells import matrix
from config.env import BASE_DIR

# One of each kind: a worker at its worst moment, the broker without its data, the database, a way that lies.
CELLS = (
    "pull_request worked",
    "trial claimed",
    "merge stored",
    "redis killed",
    "postgres",
    "github answers garbage",
)


def test_there_are_more_than_sixty_cells_and_no_two_are_alike() -> None:
    names = [cell.name for cell in matrix()]

    assert len(names) == len(set(names)) >= 60


@pytest.mark.timeout(600)
def test_six_cells_and_the_canary_after_them_are_green(tmp_path: Path) -> None:
    verdicts = tmp_path / "verdicts"

    played = subprocess.run(
        [sys.executable, "manage.py", "chaos", "--json", str(verdicts), *CELLS],
        cwd=BASE_DIR,
        env={name: value for name, value in os.environ.items() if name != "DATA_DIR"},
        capture_output=True,
        text=True,
        check=False,
    )

    found = [json.loads(line) for line in verdicts.read_text().splitlines()] if verdicts.exists() else []
    assert played.returncode == 0, played.stderr[-4000:]
    assert [verdict["what"] for verdict in found[len(CELLS) :]] == ["canary", "everything"]
    assert all(verdict["problems"] == [] for verdict in found)
