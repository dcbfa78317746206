"""A patch's identity and its diff."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.patch import Patch, UnsafePath, checked_path

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FILES = st.dictionaries(st.sampled_from(["a.js", "src/b.py", "c"]), st.none() | TEXT, max_size=3)


@pytest.mark.parametrize(
    "path", ["", ".", "/etc/passwd", "../up", "a/../b", "a//b", "./a", "a\\b", ".git/config", "x/.GIT/y", "a\0b"]
)
def test_a_path_that_could_leave_the_repository_is_refused(path: str) -> None:
    with pytest.raises(UnsafePath):
        checked_path(path)


@given(FILES, FILES)
def test_two_patches_have_the_same_identity_only_if_they_are_the_same(
    first: dict[str, str | None], second: dict[str, str | None]
) -> None:
    assert (Patch(first).sha256 == Patch(second).sha256) == (first == second)


@given(old=TEXT, new=TEXT)
def test_git_applies_the_diff_to_exactly_the_new_content(
    tmp_path_factory: pytest.TempPathFactory, old: str, new: str
) -> None:
    base = tmp_path_factory.mktemp("base")
    (base / "file.txt").write_text(old, encoding="utf-8", newline="")
    patch = Patch({"file.txt": new})

    diff = patch.diff(base)

    if diff:
        subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=base, input=diff.encode(), check=True)
    assert (base / "file.txt").read_bytes() == new.encode()


def test_new_and_deleted_files_are_shown_against_dev_null(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("bye\n")

    diff = Patch({"old.txt": None, "new.txt": "hello"}).diff(tmp_path)

    assert "--- /dev/null\n+++ b/new.txt" in diff
    assert "+hello\n\\ No newline at end of file\n" in diff
    assert "--- a/old.txt\n+++ /dev/null" in diff
