"""The suite's repositories: each is one text file that holds all files, every one after a line `-- path --`."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "repositories"

_HEADER = re.compile(r"^-- (?P<path>\S+) --\n", re.MULTILINE)


def repository_names() -> list[str]:
    """Return the names of all repositories, sorted."""
    return sorted(file.stem for file in FOLDER.glob("*.txt"))


@cache
def repository_files(name: str) -> dict[str, str]:
    """Return the contents of a repository by path."""
    parts = _HEADER.split((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def repository_write(name: str, folder: Path) -> Path:
    """Write the files of a repository below `folder` and return it."""
    for path, content in repository_files(name).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return folder
