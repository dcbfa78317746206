"""A folder of sources as a bare repository with a history; the same input gives the same hashes."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.patch import checked_path
from integrations.codehost import CodeHostError
from integrations.git import git, repository_create
from integrations.git_commits import blob_write, commit_write, index_tree


@dataclass(frozen=True)
class ImportedCommit:
    """One commit to make: the files at `paths`, with the content they have in the folder, join the tree."""

    author: str
    email: str
    at: datetime
    subject: str
    paths: Sequence[str]


def repository_build(source: Path, git_dir: Path, *, branch: str, commits: Sequence[ImportedCommit]) -> str:
    """Put a repository with `commits` (oldest first) in the place of `git_dir` and return the newest one's hash.

    Raises CodeHostError for a file that is not there and for no commits at all.
    """
    if not commits:
        raise CodeHostError(f"the import of {source} names no commit")
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    built = Path(tempfile.mkdtemp(prefix=f".{git_dir.name}.", dir=git_dir.parent))
    try:
        repository_create(built, branch=branch)
        head = ""
        for commit in commits:
            head = _commit(built, source, commit, parent=head)
        git("update-ref", f"refs/heads/{branch}", head, directory=built)
        replaced = git_dir.with_name(f"{built.name}.replaced")
        if git_dir.exists():
            git_dir.rename(replaced)
        built.rename(git_dir)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(built, ignore_errors=True)
    return head


def _commit(git_dir: Path, source: Path, commit: ImportedCommit, *, parent: str) -> str:
    entries = b""
    for path in sorted(commit.paths):
        file = source / checked_path(path)
        if not file.is_file():
            raise CodeHostError(f"the commit {commit.subject!r} names {path}, which is not in {source}")
        mode = "100755" if file.stat().st_mode & 0o100 else "100644"
        entries += f"{mode} {blob_write(git_dir, file.read_bytes())}\t{path}\0".encode()
    return commit_write(
        git_dir,
        tree=index_tree(git_dir, entries, base=parent),
        parents=[parent] if parent else [],
        message=f"{commit.subject}\n",
        name=commit.author,
        email=commit.email,
        at=commit.at,
    )
