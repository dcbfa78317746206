"""What names and hashes stand for: the same as git says, with fewer processes."""

import shutil
from pathlib import Path

import pytest

from integrations import git_refs
from integrations.git import git, git_text, repository_create
from integrations.git_commits import blob_write
from integrations.git_refs import commit_of, has_commit
from integrations.tests.test_git import committed

ENTRY = b"100644 %b\ta.txt\0"


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    path = tmp_path / "a.git"
    repository_create(path)
    return path


def commit_on(git_dir: Path, ref: str, content: bytes) -> str:
    commit = committed(git_dir, ENTRY % blob_write(git_dir, content).encode())
    git("update-ref", ref, commit, directory=git_dir)
    return commit


@pytest.mark.parametrize(
    "pack", [pytest.param(False, id="in files of their own"), pytest.param(True, id="packed")]
)
def test_every_name_means_what_git_says(git_dir: Path, pack: bool) -> None:
    commit_on(git_dir, "refs/heads/main", b"1")
    commit_on(git_dir, "refs/heads/both", b"2")
    commit_on(git_dir, "refs/tags/both", b"3")
    commit_on(git_dir, "refs/tags/v1", b"4")
    if pack:
        git("pack-refs", "--all", directory=git_dir)
        commit_on(git_dir, "refs/heads/main", b"5")
    names = ["main", "both", "v1", "HEAD", "none", "main~0", "-x", "../main", "heads/main"]
    full = [f"refs/heads/{name}" for name in ("main", "both", "none")] + ["refs/tags/both", "refs/tags/none"]

    for name in [*names, *full]:
        said = (
            git_text("for-each-ref", "--format=%(objectname)", name, directory=git_dir) if name in full else None
        )
        asked = git_refs._asked(git_dir, name)
        assert commit_of(git_dir, name) == asked, name
        assert said in (None, asked or ""), name


def test_a_branch_that_moves_is_seen_at_once(git_dir: Path) -> None:
    first = commit_on(git_dir, "refs/heads/main", b"1")
    assert commit_of(git_dir, "main") == first

    second = commit_on(git_dir, "refs/heads/main", b"2")

    assert commit_of(git_dir, "main") == commit_of(git_dir, "refs/heads/main") == second != first


def test_a_commit_that_is_missing_is_found_once_it_is_there(git_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.git"
    repository_create(other)
    commit = commit_on(other, "refs/heads/main", b"1")
    assert not has_commit(git_dir, commit)

    commit_on(git_dir, "refs/heads/main", b"1")

    assert has_commit(git_dir, commit)


def test_a_repository_made_anew_in_the_same_place_holds_nothing_of_the_old_one(git_dir: Path) -> None:
    commit = commit_on(git_dir, "refs/heads/main", b"1")
    assert has_commit(git_dir, commit)

    shutil.rmtree(git_dir)
    assert not has_commit(git_dir.parent, commit)
    repository_create(git_dir)

    assert not has_commit(git_dir, commit)


def test_a_known_commit_and_a_branch_cost_no_process(git_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = commit_on(git_dir, "refs/heads/main", b"1")
    assert has_commit(git_dir, commit)
    asked: list[str] = []
    monkeypatch.setattr(git_refs, "_rev_parse", lambda _git_dir, ref: asked.append(ref))

    assert commit_of(git_dir, commit) == commit_of(git_dir, "main") == commit
    assert commit_of(git_dir, "refs/heads/none") is None
    assert asked == []


@pytest.mark.parametrize("content", [b"", b"a\0b", b"x" * 70_000])
def test_a_blob_is_stored_as_git_stores_it(git_dir: Path, content: bytes) -> None:
    name = blob_write(git_dir, content)

    assert name == git_text("hash-object", "--stdin", directory=git_dir, stdin=content)
    assert git("cat-file", "blob", name, directory=git_dir) == content
    git("fsck", "--strict", directory=git_dir)
    assert blob_write(git_dir, content) == name
