"""A person's better patch, as a diff pasted into a page."""

from pathlib import Path

import pytest

from approvals.edited_patch import BetterPatchRefused, patch_from_diff
from core.patch import Patch, UnsafePath


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.js").write_text("one\ntwo\nthree\n")
    (tmp_path / "gone.txt").write_text("old\n")
    return tmp_path


def test_a_diff_becomes_whole_files(base: Path) -> None:
    wanted = Patch({"src/a.js": "one\n2\nthree\n", "new/b.js": "fresh", "gone.txt": None})

    assert patch_from_diff(wanted.diff(base), base=base) == wanted


def test_line_ends_of_a_browser_form_do_not_matter(base: Path) -> None:
    wanted = Patch({"src/a.js": "one\n2\nthree\n"})

    assert patch_from_diff(wanted.diff(base).replace("\n", "\r\n"), base=base) == wanted


def test_a_diff_that_does_not_apply_is_refused_with_gits_reason(base: Path) -> None:
    diff = Patch({"src/a.js": "one\n2\nthree\n"}).diff(base).replace("-two", "-zwei")

    with pytest.raises(BetterPatchRefused, match=r"does not apply .*src/a\.js"):
        patch_from_diff(diff, base=base)


@pytest.mark.parametrize("text", ["please just fix it", "--- a/x\n+++ b/x\n@@ nonsense\n"])
def test_what_is_not_a_diff_is_refused(base: Path, text: str) -> None:
    with pytest.raises(BetterPatchRefused):
        patch_from_diff(text, base=base)


def test_a_path_that_leaves_the_repository_is_refused(base: Path) -> None:
    diff = "--- a/../outside\n+++ b/../outside\n@@ -0,0 +1 @@\n+x\n"

    with pytest.raises(UnsafePath):
        patch_from_diff(diff, base=base)
