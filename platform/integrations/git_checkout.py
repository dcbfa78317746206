"""One directory for each commit, unpacked once whoever asks first, and complete from the moment it is there."""

import fcntl
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.codehost import Checkout, CodeHostError
from integrations.git import checked_commit, checked_repository, git
from integrations.git_refs import has_commit


def checkout_of(*, repository: str, commit: str, git_dir: Path, checkouts: Path) -> Checkout:
    """Return the sources of a commit that `git_dir` holds, in `checkouts`/owner/name/commit.

    Raises CodeHostError where the repository does not hold the commit.
    """
    parent = checkouts / checked_repository(repository)
    path = parent / checked_commit(commit)
    found = Checkout(repository=repository, commit=commit, path=path, git_dir=git_dir)
    if path.is_dir():
        return found
    parent.mkdir(parents=True, exist_ok=True)
    with locked(parent / f"{commit}.lock"):
        if path.is_dir():
            return found
        if not has_commit(git_dir, commit):
            raise CodeHostError(f"the repository {repository} holds no commit {commit}. Was it pushed?")
        for abandoned in parent.glob(f"{commit}.partial.*"):
            shutil.rmtree(abandoned)
        partial = Path(tempfile.mkdtemp(prefix=f"{commit}.partial.", dir=parent))
        _unpack(git_dir, commit, partial)
        partial.chmod(0o755)
        partial.rename(path)
    return found


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone; the kernel drops it with the process."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(git_dir: Path, commit: str, target: Path) -> None:
    with tempfile.TemporaryFile() as archive:
        archive.write(git("archive", "--format=tar", commit, directory=git_dir))
        archive.seek(0)
        with tarfile.open(fileobj=archive, mode="r:") as members:
            inside = target.resolve()
            for member in members:
                _put(members, member, inside)


def _put(members: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Make one directory, link or file of an archive below `target`, whatever a repository calls its files.

    By hand, because the standard library's own filter came with Python 3.11.4 and Debian's is older.
    """
    path = target / member.name
    if not path.parent.resolve().is_relative_to(target) or path.name == "..":
        raise CodeHostError(f"the commit has a file outside itself: {member.name!r}")
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
    elif member.issym():
        # A link that leaves the repository leads to nothing that belongs to the commit.
        if (path.parent / member.linkname).resolve().is_relative_to(target):
            path.symlink_to(member.linkname)
    elif content := members.extractfile(member):
        # Never through a link that an earlier entry of the same name has left.
        with path.open("xb") as file:
            shutil.copyfileobj(content, file)
        path.chmod(0o755 if member.mode & 0o100 else 0o644)
