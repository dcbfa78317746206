"""Git as a subprocess and the checkouts made with it."""

import multiprocessing
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import Unavailable
from integrations.codehost import CodeHostError, CommittedFile
from integrations.git import GitFailed, checked_repository, git, git_text, repository_create
from integrations.git_checkout import checkout_of
from integrations.git_commits import blob_write, commit_write, history_of, index_tree, tree_with
from integrations.git_files import files_of
from integrations.github import mirror
from integrations.github.mirror import Remote, mirror_with

AT = datetime(2026, 1, 1, tzinfo=UTC)


def committed(git_dir: Path, entries: bytes, *, parents: list[str] | None = None) -> str:
    tree = index_tree(git_dir, entries)
    return commit_write(git_dir, tree=tree, parents=parents or [], message="m", name="n", email="e@x", at=AT)


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    path = tmp_path / "a.git"
    repository_create(path)
    return path


@pytest.mark.parametrize("name", ["a/b", "A-1/b.c_d"])
def test_a_repository_name_has_an_owner_and_a_name(name: str) -> None:
    assert checked_repository(name) == name


@pytest.mark.parametrize("name", ["", "a", "a/b/c", "../a", "a/..", "a/.git", "a/b.git", "-x/a", "a/b\n", "/a/b"])
def test_other_repository_names_are_refused(name: str) -> None:
    with pytest.raises(CodeHostError):
        checked_repository(name)


def test_git_fails_with_what_git_said(git_dir: Path) -> None:
    with pytest.raises(GitFailed, match="Not a valid object name nothing") as raised:
        git("cat-file", "-p", "nothing", directory=git_dir)
    assert raised.value.status == 128


def test_git_that_hangs_is_killed_with_its_children(git_dir: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    hang = f"!sleep 60 & echo $! > {pid_file}; wait"

    with pytest.raises(Unavailable, match=r"did not end within 0\.5 s"):
        git("hang", directory=git_dir, configuration={"alias.hang": hang}, timeout_seconds=0.5)

    time.sleep(0.2)
    state = Path("/proc", pid_file.read_text().strip(), "stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_git_does_not_see_secrets_of_the_environment(git_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")

    seen = git("show-env", directory=git_dir, configuration={"alias.show-env": "!env"})

    assert b"secret" not in seen
    assert b"/elsewhere" not in seen


def test_a_link_out_of_the_repository_is_left_out_of_a_checkout(git_dir: Path, tmp_path: Path) -> None:
    outside = blob_write(git_dir, b"/etc/passwd")
    inside = blob_write(git_dir, b"real.txt")
    real = blob_write(git_dir, b"text\n")
    entries = f"120000 {outside}\tbad\x00120000 {inside}\tgood\x00100644 {real}\treal.txt\0".encode()
    commit = committed(git_dir, entries)

    path = checkout_of(repository="a/b", commit=commit, git_dir=git_dir, checkouts=tmp_path / "c").path

    assert not os.path.lexists(path / "bad")
    assert (path / "good").read_text() == "text\n"


def _checkout(repository: str, commit: str, git_dir: Path, checkouts: Path) -> int:
    found = checkout_of(repository=repository, commit=commit, git_dir=git_dir, checkouts=checkouts)
    return len(list(found.path.iterdir()))


def test_processes_that_ask_together_all_see_the_whole_checkout(git_dir: Path, tmp_path: Path) -> None:
    blob = blob_write(git_dir, b"x")
    commit = committed(git_dir, b"".join(f"100644 {blob}\tf{n}\0".encode() for n in range(200)))

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        counts = pool.starmap(_checkout, [("a/b", commit, git_dir, tmp_path / "c")] * 6)

    assert counts == [200] * 6
    assert {path.name for path in (tmp_path / "c" / "a" / "b").iterdir()} == {commit, f"{commit}.lock"}


def test_what_a_killed_process_left_half_unpacked_is_removed(git_dir: Path, tmp_path: Path) -> None:
    commit = committed(git_dir, f"100644 {blob_write(git_dir, b'x')}\tf\0".encode())
    left = tmp_path / "c" / "a" / "b" / f"{commit}.partial.dead"
    left.mkdir(parents=True)

    found = checkout_of(repository="a/b", commit=commit, git_dir=git_dir, checkouts=tmp_path / "c")

    assert (found.path / "f").read_text() == "x"
    assert not left.exists()


def test_a_link_is_read_as_where_it_leads(git_dir: Path) -> None:
    entry = f"120000 {blob_write(git_dir, b'elsewhere')}\tlink\0".encode()
    commit = committed(git_dir, entry)

    assert files_of(git_dir, commit, ["link"]) == {"link": CommittedFile(b"elsewhere", is_link=True)}


def test_a_fix_is_not_written_through_a_link(git_dir: Path) -> None:
    entry = f"120000 {blob_write(git_dir, b'elsewhere')}\tlink\0".encode()
    base = committed(git_dir, entry)

    with pytest.raises(CodeHostError, match="link or submodule"):
        tree_with(git_dir, base, {"link": "text"})


def test_history_reads_empty_commits_and_strange_names(git_dir: Path) -> None:
    blob = blob_write(git_dir, b"x")
    first = committed(git_dir, f"100644 {blob}\tä b\n.txt\x00100644 {blob}\tplain\0".encode())
    tree = git_text("rev-parse", f"{first}^{{tree}}", directory=git_dir)
    empty = commit_write(git_dir, tree=tree, parents=[first], message="\x1e odd", name="n", email="e@x", at=AT)

    found = history_of(git_dir, empty, limit=9)

    assert [sorted(commit.paths) for commit in found] == [[], ["plain", "ä b\n.txt"]]
    assert [commit.sha for commit in found] == [empty, first]


def test_a_fetch_passes_the_token_in_no_argument_and_to_that_server_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "log"
    real = shutil.which("git")
    fake = programs / "git"
    fake.write_text(
        f'#!/bin/sh\nif [ "$1" = fetch ]; then echo "ARGV $*" >> {log}; env >> {log}; fi\nexec {real} "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    remote = Remote(url="https://127.0.0.1:1/a/b.git", token="the-token")

    with pytest.raises(Unavailable):
        mirror_with(mirrors=tmp_path / "m", repository="a/b", commit="0" * 39 + "1", remote=lambda: remote)

    lines = log.read_text().splitlines()
    [argv] = [line for line in lines if line.startswith("ARGV")]
    header = "eC1hY2Nlc3MtdG9rZW46dGhlLXRva2Vu"  # base64 of x-access-token:the-token
    assert "the-token" not in argv
    assert header not in argv
    assert any(line.endswith(f"Authorization: Basic {header}") for line in lines)
    assert any(line.endswith("=http.https://127.0.0.1:1/.extraHeader") for line in lines)


def test_what_is_fetched_is_there_as_a_whole_and_stays_in_few_packs(
    git_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetched loose, a commit is there before its files, for all who look meanwhile."""
    monkeypatch.setattr(mirror, "MOST_PACKS", 3)
    remote, commits = Remote(f"file://{git_dir}", ""), list[str]()

    for number in range(8):
        entry = f"100644 {blob_write(git_dir, b'%d' % number)}\tfile\0".encode()
        commits.append(committed(git_dir, entry, parents=commits[-1:]))
        git("update-ref", "refs/heads/main", commits[-1], directory=git_dir)
        mirrored = mirror_with(mirrors=tmp_path / "m", repository="a/b", commit=commits[-1], remote=lambda: remote)
        assert git_text("count-objects", directory=mirrored).startswith("0 objects")
        assert len(list(mirrored.glob("objects/pack/*.pack"))) <= 4

    assert git_text("rev-list", "main", directory=mirrored).split() == commits[::-1]
    git("fsck", "--strict", directory=mirrored)
