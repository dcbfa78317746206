"""What a name or a hash stands for, answered in this process where that is certain: asking git takes longer."""

import re
from functools import lru_cache
from pathlib import Path

from integrations.git import GitFailed, checked_commit, git_text

_HASH = re.compile(r"[0-9a-f]{40}")
_PLAIN_NAME = re.compile(r"(?!.*(\.\.|//|\.lock))[A-Za-z0-9][A-Za-z0-9._/-]*[A-Za-z0-9_-]")
_BRANCHES = "refs/heads/"


class _OnlyGitKnows(Exception):
    """The reference is not kept in a file of its own, or its short name may mean something else."""


def commit_of(git_dir: Path, ref: str) -> str | None:
    """Return the full hash of the commit that `ref` names, or None."""
    try:
        if _HASH.fullmatch(ref):
            return _verified(git_dir, _identity(git_dir), ref)
        return _branch_head(git_dir, ref)
    except _OnlyGitKnows:
        return _asked(git_dir, ref)
    except GitFailed:
        return None


def has_commit(git_dir: Path, commit: str) -> bool:
    """Return whether the object store holds `commit`."""
    return commit_of(git_dir, checked_commit(commit)) is not None


def _identity(git_dir: Path) -> tuple[int, int]:
    """Return what tells a repository from one that was made anew in its place: when its HEAD was written."""
    try:
        found = (git_dir / "HEAD").stat()
    except OSError as error:
        raise _OnlyGitKnows from error
    return found.st_ino, found.st_mtime_ns


@lru_cache(maxsize=4096)
def _verified(git_dir: Path, _identity: tuple[int, int], commit: str) -> str:
    """Return the commit if the repository holds it, and keep that: none is ever taken away.

    Raises GitFailed, which is not kept: what is missing now may be fetched later.
    """
    return _rev_parse(git_dir, commit)


def _branch_head(git_dir: Path, ref: str) -> str | None:
    """Return what the branch's own file holds, None without such a branch (gitrepository-layout(5)).

    Raises _OnlyGitKnows.
    """
    name = ref.removeprefix(_BRANCHES)
    if not _PLAIN_NAME.fullmatch(name) or (git_dir / "reftable").exists() or not git_dir.is_dir():
        raise _OnlyGitKnows
    # gitrevisions(7): each of these would be meant before the branch.
    meant_before = (ref, f"refs/{ref}", f"refs/tags/{ref}", "packed-refs") if name == ref else ()
    if any((git_dir / other).exists() for other in meant_before):
        raise _OnlyGitKnows
    try:
        content = (git_dir / _BRANCHES / name).read_text().strip()
    except OSError as error:
        # In this order: a reference that is packed meanwhile is in the packed file before its own is gone.
        if name == ref or (git_dir / "packed-refs").exists():
            raise _OnlyGitKnows from error
        return None
    if not _HASH.fullmatch(content):
        raise _OnlyGitKnows
    return content


def _asked(git_dir: Path, ref: str) -> str | None:
    try:
        return _rev_parse(git_dir, ref)
    except GitFailed:
        return None


def _rev_parse(git_dir: Path, ref: str) -> str:
    return git_text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", directory=git_dir)
