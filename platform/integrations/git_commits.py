"""Commits made in an object store without a work tree, and the history that led to one."""

import hashlib
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from core.patch import checked_path
from integrations.codehost import CodeHostError, Commit
from integrations.git import GitFailed, checked_commit, git, git_text

DELETED = "0" * 40
SYMLINK, SUBMODULE, FILE = "120000", "160000", "100644"


def tree_with(git_dir: Path, base_commit: str, files: Mapping[str, str | None]) -> str:
    """Write the tree of `base_commit` with `files` in place (None deletes) and return its hash.

    A file keeps its mode. Raises CodeHostError for a deletion of nothing, a write through a link or
    submodule, a path that is a directory in the commit, and a change that changes nothing.
    """
    if not files:
        raise CodeHostError("there is no file to commit")
    modes = modes_of(git_dir, base_commit, files)
    entries = b""
    for path, content in files.items():
        mode = modes.get(checked_path(path), "")
        if mode in (SYMLINK, SUBMODULE):
            raise CodeHostError(f"{path} is a link or submodule at {base_commit[:10]} and is not changed by a fix")
        if content is None and not mode:
            raise CodeHostError(f"{path} cannot be deleted: it does not exist at {base_commit[:10]}")
        blob = DELETED if content is None else blob_write(git_dir, content.encode())
        entries += f"{'0' if content is None else mode or FILE} {blob}\t{path}\0".encode()
    tree = index_tree(git_dir, entries, base=base_commit)
    changed = git("diff-tree", "-r", "-z", "--no-renames", "--name-only", base_commit, tree, directory=git_dir)
    paths = set(changed.decode().split("\0")) - {""}
    if not paths:
        raise CodeHostError(f"the files are the same as at {base_commit[:10]}: there is nothing to commit")
    if others := sorted(paths - files.keys()):
        # git makes room for a/b by removing a file a, which nobody asked for
        raise CodeHostError(f"the files would also replace {', '.join(others)} at {base_commit[:10]}")
    return tree


def modes_of(git_dir: Path, commit: str, files: Mapping[str, str | None]) -> dict[str, str]:
    """Return git's file mode of each of the paths that exists in `commit`."""
    listing = git(
        "--literal-pathspecs", "ls-tree", "-z", checked_commit(commit), "--", *files, directory=git_dir
    ).decode()
    modes = {}
    for entry in listing.split("\0"):
        if entry:
            mode, path = entry[:6], entry.partition("\t")[2]
            modes[path] = mode
    return modes


def blob_write(git_dir: Path, content: bytes) -> str:
    """Store `content` byte for byte and return its hash.

    As git's loose objects are (gitrepository-layout(5)), without a process for each file.
    """
    data = b"blob %d\0%b" % (len(content), content)
    name = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    path = git_dir / "objects" / name[:2] / name[2:]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix="tmp_obj_", delete=False) as partial:
            partial.write(zlib.compress(data, 1))
        Path(partial.name).chmod(0o444)
        Path(partial.name).replace(path)
    return name


def index_tree(git_dir: Path, entries: bytes, *, base: str = "") -> str:
    """Write the tree of `base` with NUL-ended `entries` (mode, hash, tab, path) applied; return its hash.

    Raises CodeHostError where git refuses an entry.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        try:
            if base:
                git("read-tree", base, directory=git_dir, environment=environment)
            git("update-index", "-z", "--index-info", directory=git_dir, environment=environment, stdin=entries)
            return git_text("write-tree", directory=git_dir, environment=environment)
        except GitFailed as error:
            raise CodeHostError(f"the files do not fit on {base[:10] or 'an empty tree'}: {error}") from error


def commit_write(
    git_dir: Path, *, tree: str, parents: list[str], message: str, name: str, email: str, at: datetime
) -> str:
    """Store a commit and return its hash; equal arguments give an equal hash. No branch changes."""
    stamp = at.isoformat()
    who = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", name), ("EMAIL", email), ("DATE", stamp))
    }
    given = [argument for parent in parents for argument in ("-p", parent)]
    return git_text("commit-tree", tree, *given, directory=git_dir, stdin=message.encode(), environment=who)


def tree_of(git_dir: Path, commit: str) -> str:
    """Return the hash of the commit's tree."""
    return git_text("rev-parse", "--verify", f"{checked_commit(commit)}^{{tree}}", directory=git_dir)


def parents_of(git_dir: Path, commit: str) -> list[str]:
    """Return the hashes of the commit's parents, first parent first."""
    return git_text("rev-list", "--parents", "--max-count=1", commit, directory=git_dir).split()[1:]


def history_of(git_dir: Path, commit: str, *, limit: int) -> list[Commit]:
    """Return at most `limit` commits up to `commit`, newest first; a merge has the paths that it brought."""
    return list(_history(git_dir, checked_commit(commit), limit))


# What led to a commit never changes, and every incident of a service asks for the same.
@lru_cache(maxsize=64)
def _history(git_dir: Path, commit: str, limit: int) -> tuple[Commit, ...]:
    output = git(
        "log",
        "-z",
        f"--max-count={limit}",
        "--name-only",
        "--diff-merges=first-parent",
        "--format=%x00%H%x00%an%x00%aI%x00%s%x00",
        commit,
        directory=git_dir,
    )
    return tuple(_parsed(output.decode(errors="replace").split("\0")))


def _parsed(fields: list[str]) -> Iterator[Commit]:
    """Read records of: "", hash, author, date, subject, "", paths; git starts the first path on a new line."""
    position = 0
    while position + 5 < len(fields):
        sha, author, authored_at, subject = fields[position + 1 : position + 5]
        start = position = position + 6
        while position < len(fields) and fields[position]:
            position += 1
        paths = fields[start:position]
        if paths:
            paths[0] = paths[0].removeprefix("\n")
        yield Commit(
            sha=sha,
            author=author,
            authored_at=datetime.fromisoformat(authored_at),
            subject=subject,
            paths=paths,
        )
