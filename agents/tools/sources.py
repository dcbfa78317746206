"""Read one file of a checkout exactly as it is stored."""

from pathlib import Path

from core.errors import PlatformError
from core.patch import checked_path

MAX_BYTES = 2_000_000


class UnreadableSource(PlatformError):
    """The file cannot be shown or changed as text; the text says why."""


class MissingSource(UnreadableSource):
    """No file has this path."""


def read_source(root: Path, path: str) -> str:
    """Return the text of the file `path` under `root`, line ends untouched.

    Raises core.patch.UnsafePath for a path that could leave the repository, MissingSource, and UnreadableSource
    for a symbolic link, a binary file, text that is not UTF-8 and files over MAX_BYTES.
    """
    file = root / checked_path(path)
    refuse_links(root, path)
    if not file.is_file():
        raise MissingSource(f"{path} does not exist in the repository at this commit")
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableSource(f"{path} is {size} bytes long; at most {MAX_BYTES} can be read")
    data = file.read_bytes()
    if b"\0" in data:
        raise UnreadableSource(f"{path} is a binary file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableSource(f"{path} is not UTF-8 text (byte {error.start})") from error


def refuse_links(root: Path, path: str) -> None:
    """Raise UnreadableSource if `path` or a folder above it is a link, which could lead out of the checkout."""
    step = root
    for part in Path(path).parts:
        step = step / part
        if step.is_symlink():
            raise UnreadableSource(f"{path} goes through the symbolic link {step.relative_to(root).as_posix()}")
