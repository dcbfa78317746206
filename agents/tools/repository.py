"""Read-only git over the bare repository of a checkout: no shell, limited in time and size."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path, PurePosixPath
from threading import Timer

from agents.runtime.contract import ToolFailed, ToolRetry
from integrations.codehost import Checkout

TIMEOUT_SECONDS = 20.0
MAX_BYTES = 1_000_000
MAX_LISTING_BYTES = 20_000_000


@dataclass(frozen=True)
class GitAnswer:
    """What git printed; `is_cut` when there was more than the limit."""

    exit_code: int
    text: str
    error: str
    is_cut: bool


def git_read(
    checkout: Checkout,
    command: Sequence[str],
    *,
    paths: Sequence[str] = (),
    max_bytes: int = MAX_BYTES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> GitAnswer:
    """Run a reading git command with `paths` taken literally after `--`.

    Raises ToolFailed when git is missing or does not finish within `timeout_seconds`.
    """
    arguments = ["git", "--literal-pathspecs", f"--git-dir={checkout.git_dir}", *command, "--", *paths]
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=checkout.git_dir,
                env=_environment(),
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise ToolFailed(f"git or {checkout.git_dir} is missing: {error}") from error
        output, is_cut, timed_out = _read_within(process, max_bytes, timeout_seconds)
        errors.seek(0)
        error_text = errors.read(4000).decode("utf-8", errors="replace").strip()
    if timed_out:
        raise ToolFailed(f"git {command[0]} did not finish within {timeout_seconds:g} seconds; ask for less")
    exit_code = 0 if is_cut else process.returncode
    return GitAnswer(exit_code, output.decode("utf-8", errors="replace"), error_text, is_cut)


def _read_within(
    process: subprocess.Popen[bytes], max_bytes: int, timeout_seconds: float
) -> tuple[bytes, bool, bool]:
    expired: list[bool] = []

    def expire() -> None:
        expired.append(True)
        _kill(process)

    timer = Timer(timeout_seconds, expire)
    timer.start()
    try:
        with process:
            output = process.stdout.read(max_bytes + 1) if process.stdout else b""
            is_cut = len(output) > max_bytes
            if is_cut:
                _kill(process)
    finally:
        timer.cancel()
    return output[:max_bytes], is_cut, bool(expired) and not is_cut


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End git and what it started: a child that keeps the pipe open would keep us waiting."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
    }


def plain_argument(value: str, *, what: str) -> str:
    """Return `value` if git cannot take it for an option. Raises ToolRetry."""
    if value.startswith("-") or "\0" in value:
        raise ToolRetry(f"{what} {value!r} must not start with '-' or contain NUL")
    return value


@lru_cache(maxsize=16)
def tracked_files(checkout: Checkout) -> tuple[str, ...]:
    """Return the paths of all files of the commit, sorted as git sorts them. Raises ToolFailed."""
    answer = git_read(
        checkout, ["ls-tree", "-r", "-z", "--name-only", checkout.commit], max_bytes=MAX_LISTING_BYTES
    )
    if answer.exit_code != 0:
        raise ToolFailed(f"cannot list the files of {checkout.repository} at {checkout.commit}: {answer.error}")
    return tuple(path for path in answer.text.split("\0") if path)


def near_paths(path: str, paths: Sequence[str], *, limit: int = 5) -> list[str]:
    """Return paths that a reader who wrote `path` may have meant: same file name first, then similar spelling."""
    name = PurePosixPath(path).name
    same_name = [other for other in paths if PurePosixPath(other).name == name]
    similar = get_close_matches(path, paths, n=limit, cutoff=0.6)
    return list(dict.fromkeys([*same_name, *similar]))[:limit]


def repository_root(checkout: Checkout) -> Path:
    """Return the folder with the sources. Raises ToolFailed when it is gone."""
    if not checkout.path.is_dir():
        raise ToolFailed(f"the sources of {checkout.repository} at {checkout.commit} are not on disk")
    return checkout.path
