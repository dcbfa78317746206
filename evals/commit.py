"""Which code was measured."""

import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def current_commit() -> str:
    """Return the commit that is checked out, or an empty text outside of a repository."""
    return _git("rev-parse", "HEAD").decode().strip()


def current_changes() -> str:
    """Return the SHA-256 of what differs from the commit in files that git knows; empty where nothing does."""
    changes = _git("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff")
    return hashlib.sha256(changes).hexdigest() if changes else ""


def _git(*words: str) -> bytes:
    try:
        answer = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, timeout=10, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return b""
    return answer.stdout if answer.returncode == 0 else b""
