"""Installed dependencies in directories, each made once and complete or not there at all."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class DependencyCache:
    """One directory for each key, filled under a file lock so that several workers install once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, key: str, install: Callable[[Path], None]) -> tuple[Path, bool]:
        """Return the directory of `key` and whether it was there; else `install` fills it.

        An installation that fails or is killed leaves nothing under the key.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        ready = self._directory / key
        with self._locked(key):
            if ready.is_dir():
                return ready, True
            self._remove_left_over(key)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=self._directory))
            try:
                install(unfinished)
                _protect(unfinished)
                unfinished.rename(ready)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
        return ready, False

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with (self._directory / f"{key}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _remove_left_over(self, key: str) -> None:
        """Remove what a killed installation left: we hold its lock, so nobody is working on it."""
        for found in self._directory.glob(f"{key}.*"):
            if found.is_dir():
                shutil.rmtree(found)


def link_tree(source: Path, target: Path) -> None:
    """Make `target` a copy of `source` whose files are hard links (copies on another file system).

    Not one symbolic link for all: packages that look for the project around them (workspaces, app-root-path) would
    look in the cache, and new files of a run (node_modules/.cache) would stay in it.
    """
    shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _protect(directory: Path) -> None:
    """Take write permission from the files: they are shared by all runs (an ordinary user is then refused)."""
    for parent, _, names in os.walk(directory):
        for name in names:
            file = Path(parent, name)
            if not file.is_symlink():
                file.chmod(file.stat().st_mode & ~0o222)
