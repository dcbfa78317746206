"""Public benchmarks in the form of SWE-bench, from their JSONL and clones on this machine."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from core.errors import PlatformError
from evals.fixes.case import AlarmText, FixCase, Source
from integrations.git import GitFailed, git


class NotImportable(PlatformError):
    """An entry or its clone cannot be used; the text says why."""


def _names(value: Any) -> Any:
    """Read a list of tests that some sets keep as JSON inside of a string."""
    return json.loads(value) if isinstance(value, str) else value


class Entry(BaseModel):
    """A line of the set; fields that are not needed are not read."""

    instance_id: str = Field(pattern=r"^[\w.-]+$")
    repo: str
    base_commit: str
    patch: str
    test_patch: str
    problem_statement: str
    fail_to_pass: Annotated[list[str], BeforeValidator(_names)] = Field(alias="FAIL_TO_PASS")
    pass_to_pass: Annotated[list[str], BeforeValidator(_names)] = Field([], alias="PASS_TO_PASS")


def entries_read(file: Path) -> Iterator[Entry]:
    """Yield the entries of a JSONL file. Raises NotImportable that names the line which does not fit."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                yield Entry.model_validate_json(line)
            except ValueError as error:
                raise NotImportable(f"{file.name}, line {number}: {error}") from error


def case_from(entry: Entry, repositories: Path) -> FixCase:
    """Return the case: both patches applied to the base commit, as whole files. Raises NotImportable."""
    clone = _clone(entry.repo, repositories)
    return FixCase(
        id=entry.instance_id,
        framework=entry.repo,
        title=entry.problem_statement.strip().splitlines()[0][:120],
        alarm=AlarmText(
            name=entry.instance_id, about="Imported: the report stands in the log.", metric="Imported/Errors"
        ),
        location=None,
        source=Source(clone=str(clone), commit=entry.base_commit),
        hidden={path: text for path, text in _applied(entry, clone, entry.test_patch).items() if text is not None},
        gold_files=_applied(entry, clone, entry.patch),
        fail_to_pass=entry.fail_to_pass,
        pass_to_pass=entry.pass_to_pass,
        log=entry.problem_statement,
    )


def _clone(repo: str, repositories: Path) -> Path:
    """Return the clone of owner/name: owner__name, owner/name or name below the folder."""
    places = [repositories / repo.replace("/", "__"), repositories / repo, repositories / repo.split("/")[-1]]
    for place in places:
        if (place / ".git").exists() or (place / "HEAD").is_file():
            return place.resolve()
    raise NotImportable(f"there is no clone of {repo}: looked for {', '.join(str(place) for place in places)}")


def _applied(entry: Entry, clone: Path, patch: str) -> dict[str, str | None]:
    """Return what the patch makes of the files that it touches; None where it deletes one."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "sources"
        try:
            git("clone", "--quiet", "--shared", "--no-checkout", str(clone), str(place), directory=Path(folder))
            git("checkout", "--quiet", "--detach", entry.base_commit, directory=place)
            git("apply", "--index", "-", directory=place, stdin=patch.encode())
            changed = git("diff", "--cached", "--name-only", "-z", directory=place).decode().split("\0")
        except GitFailed as error:
            raise NotImportable(f"{entry.instance_id}: {error}") from error
        files: dict[str, str | None] = {}
        for path in filter(None, changed):
            target = place / path
            try:
                files[path] = target.read_text(encoding="utf-8") if target.is_file() else None
            except UnicodeDecodeError as error:
                raise NotImportable(f"{entry.instance_id}: {path} is not text") from error
        return files
