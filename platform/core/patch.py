"""A change to a repository as whole files: what the sandbox tries is, byte for byte, what a PR carries."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path, PurePosixPath

from core.errors import PlatformError


class UnsafePath(PlatformError):
    """A path that leaves the repository, is absolute, or is not in its plain form."""


def checked_path(path: str) -> str:
    """Return `path` unchanged if it is a plain relative POSIX path inside a repository.

    Raises UnsafePath otherwise (absolute, empty, `..`, backslash, NUL, `.git`, or not normalised).
    """
    pure = PurePosixPath(path)
    is_plain = (
        path not in ("", ".")
        and not pure.is_absolute()
        and str(pure) == path
        and "\\" not in path
        and "\0" not in path
        and ".." not in pure.parts
        and ".git" not in (part.lower() for part in pure.parts)
    )
    if not is_plain:
        raise UnsafePath(f"the path {path!r} is not a plain relative path inside the repository")
    return path


@dataclass(frozen=True)
class Patch:
    """New contents by repository path; `None` deletes the file."""

    files: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.files:
            checked_path(path)

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def sha256(self) -> str:
        """Hex digest of the paths and bytes, each length-prefixed: the identity of a fix from trial to PR."""
        digest = hashlib.sha256()
        for path in sorted(self.files):
            content = self.files[path]
            name = path.encode()
            data = b"" if content is None else content.encode()
            kind = b"D" if content is None else b"W"
            digest.update(b"%b %d:%b %d:%b\n" % (kind, len(name), name, len(data), data))
        return digest.hexdigest()

    def restricted_to(self, paths: frozenset[str]) -> "Patch":
        """Return the part of the patch that touches `paths`."""
        return Patch({path: content for path, content in self.files.items() if path in paths})

    def diff(self, base: Path) -> str:
        """Return a unified diff against the directory `base`, in git's form, files sorted by path."""
        chunks = []
        for path in sorted(self.files):
            new = self.files[path]
            source = base / path
            old = source.read_bytes().decode() if source.is_file() else None
            if old == new:
                continue
            chunks.append(f"diff --git a/{path} b/{path}\n")
            if old is None or new is None:
                chunks.append("new file mode 100644\n" if old is None else "deleted file mode 100644\n")
            chunks.extend(
                _with_newline_marks(
                    unified_diff(
                        _lines(old or ""),
                        _lines(new or ""),
                        fromfile="/dev/null" if old is None else f"a/{path}",
                        tofile="/dev/null" if new is None else f"b/{path}",
                    )
                )
            )
        return "".join(chunks)


def _lines(text: str) -> list[str]:
    """Split after line feeds only, as git does: a carriage return or form feed is part of its line."""
    return list(io.StringIO(text, newline="\n"))


def _with_newline_marks(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
