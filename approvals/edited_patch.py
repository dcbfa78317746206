"""A person's better patch, edited in the page or pasted as a diff, as whole files on the fix's base commit."""

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from core.errors import PlatformError
from core.patch import Patch, checked_path
from incidents.models import Fix
from integrations.codehosts import code_host

APPLY_SECONDS = 30


class BetterPatchRefused(PlatformError):
    """The person's patch cannot be used; the text says why."""


@dataclass(frozen=True)
class Better:
    """A person's own answer: whole files, and their diff against the fix's base commit."""

    patch: Patch
    diff: str


def better_answer(fix: Fix, *, diff: str, edits: Mapping[str, str]) -> Better | None:
    """Return what a person pasted as a diff or edited in the page, or None if they left the fix as it is.

    Raises BetterPatchRefused, UnsafePath, and what the code host raises.
    """
    edited = patch_from_edits(edits, fix=fix.patch)
    is_edited = edited.sha256 != fix.diff_sha256
    if not diff.strip() and not is_edited:
        return None
    if diff.strip() and is_edited:
        raise BetterPatchRefused("There are edited files and a pasted diff. Send one of the two.")
    base = code_host().checkout(fix.incident.service.repository, fix.base_commit).path
    patch = edited if is_edited else patch_from_diff(diff, base=base)
    as_diff = patch.diff(base)
    if not as_diff:
        raise BetterPatchRefused("The better patch leaves every file as it was before the fix.")
    return Better(patch, as_diff)


def patch_from_diff(diff: str, *, base: Path) -> Patch:
    """Return the files that `diff` (unified, as git writes it) makes of the directory `base`.

    Raises BetterPatchRefused if it does not parse or apply exactly, UnsafePath for a path outside the repository.
    """
    text = unix_lines(diff)
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


def patch_from_edits(edits: Mapping[str, str], *, fix: Patch) -> Patch:
    """Return the fix with the files that a person changed in the page; the others stay as they are in it.

    A browser sends every line end as CRLF: what differs in nothing else was not changed. Raises
    BetterPatchRefused for a path that the fix does not have.
    """
    files = dict(fix.files)
    for path, edited in edits.items():
        before = files.get(path)
        if before is None:
            raise BetterPatchRefused(f"{path} is not a file that the fix changes. Paste a diff to change others.")
        text = unix_lines(edited)
        if text.rstrip("\n") != unix_lines(before).rstrip("\n"):
            text = text if text.endswith("\n") else f"{text}\n"
            files[path] = text.replace("\n", "\r\n") if "\r\n" in before else text
    return Patch(files)


def unix_lines(text: str) -> str:
    """Return `text` with the line ends of a browser form made plain."""
    return text.replace("\r\n", "\n")


def _text(file: Path) -> str | None:
    return file.read_bytes().decode() if file.is_file() else None
