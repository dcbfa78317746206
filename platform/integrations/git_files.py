"""Single files of a commit, read from the object store: nobody unpacks a repository to look at two of them."""

from collections.abc import Iterable
from pathlib import Path

from core.patch import checked_path
from integrations.codehost import CommittedFile
from integrations.git import checked_commit, git
from integrations.git_commits import SUBMODULE, SYMLINK, modes_of


def files_of(git_dir: Path, commit: str, paths: Iterable[str]) -> dict[str, CommittedFile | None]:
    """Return each path as `commit` has it, None where it has no file there. Raises GitFailed and UnsafePath."""
    wanted = dict.fromkeys(checked_path(path) for path in paths)
    found: dict[str, CommittedFile | None] = dict(wanted)
    if not wanted:
        return found
    modes = modes_of(git_dir, commit, wanted)
    # A submodule is a commit of another repository, and 040000 a directory (git-ls-tree(1)).
    files = [path for path, mode in modes.items() if mode != SUBMODULE and not mode.startswith("04")]
    for path, content in zip(files, _contents(git_dir, commit, files), strict=True):
        found[path] = CommittedFile(content, is_link=modes[path] == SYMLINK)
    return found


def _contents(git_dir: Path, commit: str, paths: list[str]) -> list[bytes]:
    """Return the bytes of each file; git answers `<hash> blob <size>`, a line's end, the bytes and another end.

    git-cat-file(1), "BATCH OUTPUT".
    """
    if not paths:
        return []
    asked = b"".join(f"{checked_commit(commit)}:{path}\0".encode() for path in paths)
    output = git("cat-file", "--batch", "-z", directory=git_dir, stdin=asked)
    contents, at = [], 0
    for _ in paths:
        begin = output.index(b"\n", at) + 1
        size = int(output[at:begin].split()[-1])
        contents.append(output[begin : begin + size])
        at = begin + size + 1
    return contents
