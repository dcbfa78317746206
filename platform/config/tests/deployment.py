"""A process with the settings of a deployment, whose database and Redis are elsewhere; none of it connects."""

import os
import subprocess
import sys

from config.env import BASE_DIR

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://app:pw@db.invalid/app",
    "REDIS_URL": "redis://redis.invalid/0",
    "PUBLIC_URL": "https://alarms.example.org",
    "SECRET_KEY": "9" * 20 + "x-Kq3zR7wPm1vT5sYd8uJ2hB6nC4gL0fA",
    "GITHUB_WEBHOOK_SECRET": "another long random value",
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "PYTHONPATH": f"{BASE_DIR / 'platform'}{os.pathsep}{BASE_DIR}",
}


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with `arguments` as a deployment would; an empty value takes a variable away."""
    given = {**os.environ, **ENVIRONMENT, **environment}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env={name: value for name, value in given.items() if value},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
