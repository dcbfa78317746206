"""The files of one run: a checkout with a patch applied, checked so that nothing reaches out of it."""

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from core.patch import Patch
from sandbox.contract import SandboxRefused


@dataclass(frozen=True)
class Source:
    """One file or symbolic link; `content` is where its bytes are, the bytes themselves, or the link's target."""

    path: str
    content: Path | bytes | str
    is_executable: bool = False


def sources_of(checkout: Path, patch: Patch, *, dependency_directory: str) -> list[Source]:
    """Return the files of `checkout` with `patch` applied, without `.git` and installed dependencies.

    Raises SandboxRefused for a link that leaves the checkout, a special file, and a patch that writes through a
    link, over a directory or into the dependencies, or deletes what is not there.
    """
    found = {source.path: source for source in _read(checkout, leave_out={".git", dependency_directory})}
    directories = {str(parent) for path in found for parent in PurePosixPath(path).parents}
    for path, content in patch.files.items():
        _check_target(path, content, found, directories, dependency_directory)
        if content is None:
            del found[path]
        else:
            was_executable = path in found and found[path].is_executable
            found[path] = Source(path, content.encode(), was_executable)
    return list(found.values())


def sources_write(sources: list[Source], directory: Path) -> None:
    """Write `sources` into the empty `directory`."""
    for source in sources:
        target = directory / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source.content, str):
            target.symlink_to(source.content)
            continue
        target.write_bytes(_bytes(source.content))
        target.chmod(_mode(source))


def placed(sources: list[Source], directory: str) -> list[Source]:
    """Return `sources` as they lie below the absolute `directory`."""
    prefix = directory.strip("/")
    return [replace(source, path=f"{prefix}/{source.path}") for source in sources]


def sources_tar(sources: list[Source], stream: IO[bytes]) -> None:
    """Write `sources` as an uncompressed tar archive to `stream`."""
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for source in sources:
            entry = tarfile.TarInfo(source.path)
            if isinstance(source.content, str):
                entry.type = tarfile.SYMTYPE
                entry.linkname = source.content
                archive.addfile(entry)
                continue
            data = _bytes(source.content)
            entry.size = len(data)
            entry.mode = _mode(source)
            archive.addfile(entry, io.BytesIO(data))


def _read(checkout: Path, *, leave_out: set[str]) -> Iterator[Source]:
    root = Path(os.path.realpath(checkout))
    pending = [entry for entry in root.iterdir() if entry.name not in leave_out]
    while pending:
        found = pending.pop()
        path = found.relative_to(root).as_posix()
        mode = found.lstat().st_mode
        if stat.S_ISLNK(mode):
            target = found.readlink()
            # realpath and not resolve(): a link to itself is an answer here, not an exception.
            reached = Path(os.path.realpath(found))
            if target.is_absolute() or not reached.is_relative_to(root):
                raise SandboxRefused(
                    f"the link {path!r} points to {str(target)!r}, outside the repository; remove it and run again"
                )
            yield Source(path, str(target))
        elif stat.S_ISDIR(mode):
            pending.extend(found.iterdir())
        elif stat.S_ISREG(mode):
            yield Source(path, found, bool(mode & stat.S_IXUSR))
        else:
            raise SandboxRefused(f"{path!r} is neither a file, a directory nor a link; remove it and run again")


def _check_target(
    path: str, content: str | None, found: dict[str, Source], directories: set[str], dependency_directory: str
) -> None:
    pure = PurePosixPath(path)
    if dependency_directory in pure.parts:
        raise SandboxRefused(f"the patch changes {path!r}: {dependency_directory} is installed, never patched")
    for place in (pure, *pure.parents):
        known = found.get(str(place))
        if known is not None and isinstance(known.content, str):
            raise SandboxRefused(
                f"the patch reaches {path!r} through the link {known.path!r}; change its target instead"
            )
        if known is not None and place != pure:
            raise SandboxRefused(f"the patch puts {path!r} below the file {known.path!r}")
    if content is not None and path in directories:
        raise SandboxRefused(f"the patch writes the file {path!r} where a directory is")
    if content is None and path not in found:
        raise SandboxRefused(f"the patch deletes {path!r}, which the commit does not have")


def _bytes(content: Path | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _mode(source: Source) -> int:
    return 0o755 if source.is_executable else 0o644
