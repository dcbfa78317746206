"""The last to leave stops PostgreSQL, whoever started it last."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from config.env import BASE_DIR

# One that stays while the server dies and another process starts it again, as in the crash matrix.
STAYS = """
import os, pathlib, signal, subprocess, sys, time
from config import embedded, env
embedded.use(env.load())
running = pathlib.Path(os.environ["DATA_DIR"], "postgres", "postmaster.pid")
before = running.read_text().split()[0]
os.kill(int(before), signal.SIGQUIT)
while running.exists():
    time.sleep(0.05)
again = "import os; from config import embedded, env; embedded.use(env.load()); os._exit(0)"
subprocess.run([sys.executable, "-c", again], check=True)
assert running.read_text().split()[0] != before
"""


def test_a_postgres_that_another_process_started_again_is_stopped() -> None:
    # Sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="ap-", ignore_cleanup_errors=True) as directory:
        environment = {**os.environ, "DATA_DIR": directory, "PYTHONPATH": f"{BASE_DIR / 'platform'}:{BASE_DIR}"}
        environment = {name: value for name, value in environment.items() if not name.endswith("_URL")}

        subprocess.run([sys.executable, "-c", STAYS], env=environment, check=True)

        assert not (Path(directory) / "postgres" / "postmaster.pid").exists()
