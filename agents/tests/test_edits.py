from pathlib import Path

import pytest

from agents.fix.edits import EditError, patch_from
from agents.fix.handoff import Edit, FixProposal, NewFile

RATIONALE = "The total is computed before the discount is loaded."


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.js").write_bytes(b"one();\ntwo();\nthree();\ntwo_more();\n")
    (tmp_path / "src/crlf.js").write_bytes(b"one();\r\ntwo();\r\n")
    (tmp_path / "src/logo.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "src/latin.js").write_bytes(b"// caf\xe9\n")
    return tmp_path


def proposal(*edits: tuple[str, str, str], new_files: tuple[NewFile, ...] = ()) -> FixProposal:
    return FixProposal(
        rationale=RATIONALE,
        edits=[Edit(path=path, search=search, replace=replace) for path, search, replace in edits],
        new_files=list(new_files),
    )


def test_a_unique_text_is_replaced_and_the_rest_stays_byte_for_byte(sources: Path) -> None:
    patch = patch_from(proposal(("src/crlf.js", "two();", "second();")), checkout=sources)

    assert patch.files == {"src/crlf.js": "one();\r\nsecond();\r\n"}


def test_edits_of_one_file_apply_in_order_each_to_the_result_of_the_last(sources: Path) -> None:
    patch = patch_from(
        proposal(("src/a.js", "one();", "zero();"), ("src/a.js", "zero();\ntwo();", "two();")), checkout=sources
    )

    assert patch.files == {"src/a.js": "two();\nthree();\ntwo_more();\n"}


def test_a_text_that_does_not_occur_is_refused_with_the_nearest_lines(sources: Path) -> None:
    with pytest.raises(EditError) as refused:
        patch_from(proposal(("src/a.js", "  threes();", "3")), checkout=sources)

    assert "src/a.js" in str(refused.value)
    assert "occurs 0 times" in str(refused.value)
    assert "3: three();" in str(refused.value)


def test_a_text_that_occurs_twice_is_refused_with_its_lines(sources: Path) -> None:
    with pytest.raises(EditError, match=r"occurs 2 times.*lines 2, 4"):
        patch_from(proposal(("src/a.js", "two", "2")), checkout=sources)


def test_overlapping_occurrences_count_as_two(sources: Path) -> None:
    (sources / "src/a.js").write_text("aXaXa\n")

    with pytest.raises(EditError, match="occurs 2 times"):
        patch_from(proposal(("src/a.js", "aXa", "b")), checkout=sources)


def test_white_space_is_never_matched_approximately(sources: Path) -> None:
    with pytest.raises(EditError, match="occurs 0 times"):
        patch_from(proposal(("src/a.js", "one();\n two();", "")), checkout=sources)


def test_other_line_ends_are_named(sources: Path) -> None:
    with pytest.raises(EditError, match=r"end in \\r\\n"):
        patch_from(proposal(("src/crlf.js", "one();\ntwo();", "")), checkout=sources)


def test_an_edit_that_changes_nothing_is_refused(sources: Path) -> None:
    with pytest.raises(EditError, match="changes nothing"):
        patch_from(proposal(("src/a.js", "one();", "one();")), checkout=sources)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("src/missing.js", "does not exist"),
        ("src/logo.png", "binary"),
        ("src/latin.js", "not UTF-8"),
        ("../outside.js", "not a plain relative path"),
        ("/etc/passwd", "not a plain relative path"),
        (".git/config", "not a plain relative path"),
    ],
)
def test_a_file_that_cannot_be_edited_is_named_with_the_reason(sources: Path, path: str, why: str) -> None:
    with pytest.raises(EditError, match=why) as refused:
        patch_from(proposal((path, "one", "two")), checkout=sources)

    assert path in str(refused.value)


def test_a_symbolic_link_is_not_followed(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.js").write_text("one();\n")
    (sources / "linked").symlink_to(outside)

    with pytest.raises(EditError, match="symbolic link"):
        patch_from(proposal(("linked/secret.js", "one", "two")), checkout=sources)
    with pytest.raises(EditError, match="symbolic link"):
        patch_from(proposal(new_files=(NewFile(path="linked/new.js", content=""),)), checkout=sources)


def test_a_new_file_is_added_with_its_content(sources: Path) -> None:
    patch = patch_from(proposal(new_files=(NewFile(path="test/a.test.js", content="x\n"),)), checkout=sources)

    assert patch.files == {"test/a.test.js": "x\n"}


@pytest.mark.parametrize(
    ("path", "why"),
    [("src/a.js", "exists"), ("src", "exists"), ("src/a.js/b.js", "is a file"), ("../b.js", "not a plain")],
)
def test_a_new_file_at_a_taken_or_unsafe_path_is_refused(sources: Path, path: str, why: str) -> None:
    with pytest.raises(EditError, match=why):
        patch_from(proposal(new_files=(NewFile(path=path, content="x"),)), checkout=sources)


def test_every_problem_of_a_proposal_is_named_at_once(sources: Path) -> None:
    with pytest.raises(EditError) as refused:
        patch_from(proposal(("src/a.js", "four();", "4"), ("src/missing.js", "a", "b")), checkout=sources)

    assert len(refused.value.problems) == 2
