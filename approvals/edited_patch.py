"""A person's better patch, pasted as a diff, as whole files on the fix's base commit."""

import subprocess
import tempfile
from pathlib import Path

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from core.errors import PlatformError
from core.patch import Patch, checked_path

APPLY_SECONDS = 30


class BetterPatchRefused(PlatformError):
    """The pasted diff cannot be used; the text says why."""


def patch_from_diff(diff: str, *, base: Path) -> Patch:
    """Return the files that `diff` (unified, as git writes it) makes of the directory `base`.

    Raises BetterPatchRefused if it does not parse or apply exactly, UnsafePath for a path outside the repository.
    """
    text = diff.replace("\r\n", "\n")
    if not text.endswith("\n"):
        text += "\n"
    try:
        paths = [checked_path(file.path) for file in PatchSet(text)]
    except UnidiffParseError as error:
        raise BetterPatchRefused(f"The better patch is not a unified diff: {error}.") from error
    if not paths:
        raise BetterPatchRefused("The better patch changes no file. Paste the output of `git diff`.")
    with tempfile.TemporaryDirectory(prefix="better-patch-") as folder:
        work = Path(folder)
        for path in paths:
            source = base / path
            if source.is_file():
                (work / path).parent.mkdir(parents=True, exist_ok=True)
                (work / path).write_bytes(source.read_bytes())
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            cwd=work,
            input=text.encode(),
            capture_output=True,
            timeout=APPLY_SECONDS,
            check=False,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C",
                "GIT_CEILING_DIRECTORIES": str(work.parent),
            },
        )
        if applied.returncode != 0:
            raise BetterPatchRefused(
                f"The better patch does not apply to the fix's base commit: {applied.stderr.decode().strip()}"
            )
        return Patch({path: _text(work / path) for path in paths})


def _text(file: Path) -> str | None:
    return file.read_bytes().decode() if file.is_file() else None
