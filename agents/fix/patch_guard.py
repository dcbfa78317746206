"""The deterministic rules that every fix obeys, whoever wrote it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel

from agents.fix.band_aids import band_aids
from agents.fix.change import FileChange, change_of
from agents.fix.protected_paths import generated_mark, protection_of
from agents.fix.suite_guard import suite_findings
from agents.tools.sources import UnreadableSource
from core.patch import Patch

MAX_CHANGED_LINES = 400
MAX_FILES = 10


class PatchFindings(BaseModel):
    """A patch with `problems` goes no further; `warnings` are shown to whoever reviews it."""

    problems: list[str] = []
    warnings: list[str] = []


def check_patch(patch: Patch, *, checkout: Path, allowed_paths: Sequence[str] = ()) -> PatchFindings:
    """Return what is wrong with `patch` as a change of the sources in `checkout`.

    `allowed_paths` are the service's shell-style patterns, in which `*` crosses folders; empty: no limit. Tests
    may be added anywhere: they run in the sandbox only.
    """
    findings = PatchFindings()
    changes = []
    for path in sorted(patch.files):
        try:
            change = change_of(patch, path, checkout=checkout)
        except UnreadableSource as error:
            findings.problems.append(f"{path}: cannot be changed as text: {error}")
            continue
        if change.before != change.after:
            changes.append(change)
    _check_size(changes, findings)
    _check_paths(changes, findings, allowed_paths)
    _check_tests(changes, findings)
    for change in changes:
        findings.warnings.extend(band_aids(change))
    return findings


def _check_size(changes: list[FileChange], findings: PatchFindings) -> None:
    if len(changes) > MAX_FILES:
        findings.problems.append(f"the patch changes {len(changes)} files; at most {MAX_FILES} are allowed")
    lines = sum(len(change.removed_lines) + len(change.added_lines) for change in changes)
    if lines > MAX_CHANGED_LINES:
        findings.problems.append(f"the patch changes {lines} lines; at most {MAX_CHANGED_LINES} are allowed")


def _check_paths(changes: list[FileChange], findings: PatchFindings, allowed_paths: Sequence[str]) -> None:
    for change in changes:
        is_allowed = not allowed_paths or any(fnmatchcase(change.path, pattern) for pattern in allowed_paths)
        if not is_allowed and not change.is_test:
            patterns = ", ".join(allowed_paths)
            findings.problems.append(f"{change.path}: is outside the paths of this service, which are {patterns}")
        reason = protection_of(change.path, exists=change.before is not None) or generated_mark(
            change.before or ""
        )
        if reason:
            findings.problems.append(f"{change.path}: a fix may not touch this file: it {reason}")
        if _unreadable(change.after) > _unreadable(change.before):
            findings.problems.append(
                f"{change.path}: the new content has characters that cannot be kept (NUL, half a surrogate pair "
                "or U+FFFD); write them as escapes"
            )


def _unreadable(text: str | None) -> int:
    """Return how many characters stand where a reply had what the database cannot hold."""
    return (text or "").count("\0") + (text or "").count("\N{REPLACEMENT CHARACTER}")


def _check_tests(changes: list[FileChange], findings: PatchFindings) -> None:
    new_cases = 0
    for change in changes:
        if change.is_test:
            suite = suite_findings(change)
            findings.problems.extend(suite.problems)
            findings.warnings.extend(suite.warnings)
            new_cases += suite.new_cases
    if all(change.is_test for change in changes):
        findings.problems.append("the patch changes no code outside tests, so it cures nothing")
    if new_cases == 0:
        findings.problems.append("the patch adds no test; add one that fails without the fix and passes with it")
