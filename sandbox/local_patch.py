"""A commit of any local repository and patch files for it, as the sandbox takes them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import PlatformError
from core.patch import Patch


class BadPatch(PlatformError):
    """The repository, the commit or the patch is not what git can read."""


@contextmanager
def commit_checkout(repository: Path, commit: str) -> Iterator[Path]:
    """Yield a temporary directory with the files of `commit`. Raises BadPatch."""
    with tempfile.TemporaryDirectory(prefix="agent-platform-base-") as place:
        archive = Path(place, "base.tar")
        _git("-C", str(repository), "archive", "--format=tar", f"--output={archive}", commit)
        checkout = Path(place, "checkout")
        checkout.mkdir()
        subprocess.run(["tar", "-x", "-f", str(archive), "-C", str(checkout)], check=True)
        yield checkout


def patch_read(checkout: Path, files: Sequence[Path]) -> Patch:
    """Return what the patch files, applied one after the other, make of `checkout`, which stays as it is.

    Raises BadPatch for one that does not apply, and for changes that are not text.
    """
    with tempfile.TemporaryDirectory(prefix="agent-platform-patched-") as place:
        patched = Path(place, "patched")
        shutil.copytree(checkout, patched, symlinks=True)
        touched: set[str] = set()
        for file in files:
            listed = _git("apply", "--numstat", "-z", str(file.resolve()), directory=patched)
            touched.update(entry.split("\t")[2] for entry in listed.split("\0") if entry.count("\t") == 2)
            _git("apply", "--whitespace=nowarn", str(file.resolve()), directory=patched)
        gone = {path for path in _files(checkout) if not os.path.lexists(patched / path)}
        return Patch({path: _content(patched / path) for path in sorted(touched | gone)})


def _content(file: Path) -> str | None:
    if not file.exists():
        return None
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BadPatch(
            f"{file.name} is not text after the patch; the sandbox takes changes of text only"
        ) from error


def _files(directory: Path) -> Iterator[str]:
    return (found.relative_to(directory).as_posix() for found in directory.rglob("*") if not found.is_dir())


def _git(*words: str, directory: Path | None = None) -> str:
    # Not the repository around us: the directory that is patched belongs to none.
    environment = {**os.environ, "GIT_DIR": "/nonexistent"} if directory else None
    ended = subprocess.run(
        ["git", *words], cwd=directory, env=environment, check=False, capture_output=True, text=True
    )
    if ended.returncode != 0:
        raise BadPatch(f"'git {' '.join(words[:4])}' failed: {ended.stderr.strip()}")
    return ended.stdout
