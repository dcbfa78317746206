"""What both code hosts promise, asked of each: GitHub through its stand-in, and the local one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.patch import UnsafePath
from integrations.codehost import CodeHost, CodeHostError, CommittedFile
from integrations.git import git_text
from integrations.github.host import GitHubHost
from integrations.github.standin import GitHubStandin
from integrations.github.tests.described import violations
from integrations.localgit.host import LocalGitHost
from integrations.localgit.importing import ImportedCommit, repository_build
from integrations.tests.environment import GitHubTestEnvironment

REPOSITORY = "shop/orders"
BRANCH = "agent-platform/incident-7"
FILES = {"src/total.js": "module.exports = 2;\n", "src/new.js": "// new\n", "old.txt": None}

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Repositories with one of two commits in it."""
    source = tmp_path / "source"
    (source / "src").mkdir(parents=True)
    (source / "src" / "total.js").write_text("module.exports = 1;\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "old.txt").write_text("old\r\nline\n")
    (source / ".gitattributes").write_text("*.txt text eol=lf\nsrc/total.js export-ignore\n")
    repository_build(
        source,
        tmp_path / "repositories" / f"{REPOSITORY}.git",
        branch="main",
        commits=[
            ImportedCommit(
                "Ada", "ada@example.org", datetime(2026, 1, 1, tzinfo=UTC), "Begin", ["old.txt", "run.sh"]
            ),
            ImportedCommit(
                "Björn",
                "b@example.org",
                datetime(2026, 1, 2, tzinfo=UTC),
                "Add totals",
                ["src/total.js", ".gitattributes"],
            ),
        ],
    )
    return tmp_path / "repositories"


@pytest.fixture(params=["local", "github"])
def host(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Iterator[CodeHost]:
    if request.param == "local":
        yield LocalGitHost(root, "http://127.0.0.1:1")
        return
    with GitHubStandin(root, token="secret-token").serving() as standin:
        yield GitHubHost.from_env(
            GitHubTestEnvironment(tmp_path / "data", standin.address, github_token=SecretStr("secret-token"))
        )
        # Whatever a test did here: the client asked and the stand-in answered as GitHub describes it.
        assert [problem for exchange in standin.exchanges for problem in violations(exchange)] == []


@pytest.fixture
def base(host: CodeHost) -> str:
    return host.resolve(REPOSITORY, "main")


def opening(base: str, **changed: Any) -> dict[str, Any]:
    return {
        "repository": REPOSITORY,
        "base_branch": "main",
        "base_commit": base,
        "branch": BRANCH,
        "title": "Fix the total",
        "body": "Because.",
        "files": FILES,
        "labels": ["agent-platform"],
        **changed,
    }


def test_a_branch_and_a_full_hash_resolve_to_the_same_commit(host: CodeHost, base: str) -> None:
    assert len(base) == 40
    assert host.resolve(REPOSITORY, base) == base


@pytest.mark.parametrize(
    ("repository", "ref"), [(REPOSITORY, "nowhere"), ("shop/none", "main"), ("../etc", "main")]
)
def test_an_unknown_name_is_refused(host: CodeHost, repository: str, ref: str) -> None:
    with pytest.raises(CodeHostError):
        host.resolve(repository, ref)


def test_a_checkout_has_every_byte_of_the_commit_whatever_its_attributes_say(host: CodeHost, base: str) -> None:
    checkout = host.checkout(REPOSITORY, base)

    assert (checkout.path / "old.txt").read_bytes() == b"old\r\nline\n"
    assert (checkout.path / "src" / "total.js").read_text() == "module.exports = 1;\n"
    assert (checkout.path / "run.sh").stat().st_mode & 0o100
    assert host.checkout(REPOSITORY, base) == checkout


def test_a_checkout_of_a_commit_that_does_not_exist_is_refused(host: CodeHost) -> None:
    with pytest.raises(CodeHostError):
        host.checkout(REPOSITORY, "0123456789" * 4)


def test_single_files_are_read_byte_for_byte_and_what_is_no_file_is_none(host: CodeHost, base: str) -> None:
    asked = ["old.txt", "src/total.js", "src", "missing.js"]
    found = host.files(REPOSITORY, base, asked)

    assert list(found) == asked
    assert found["old.txt"] == CommittedFile(b"old\r\nline\n", is_link=False)
    assert found["src/total.js"] == CommittedFile(b"module.exports = 1;\n", is_link=False)
    assert (found["src"], found["missing.js"]) == (None, None)
    assert host.files(REPOSITORY, base, []) == {}


@pytest.mark.parametrize("path", ["../etc/passwd", "/etc/passwd", "src/../../x", ""])
def test_a_path_that_leaves_the_commit_is_refused(host: CodeHost, base: str, path: str) -> None:
    with pytest.raises(UnsafePath):
        host.files(REPOSITORY, base, [path])


def test_commits_are_newest_first_with_their_paths(host: CodeHost, base: str) -> None:
    commits = host.commits(REPOSITORY, base, limit=5)

    assert [commit.subject for commit in commits] == ["Add totals", "Begin"]
    assert commits[0].author == "Björn"
    assert commits[0].authored_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert [sorted(commit.paths) for commit in commits] == [
        [".gitattributes", "src/total.js"],
        ["old.txt", "run.sh"],
    ]
    assert len(host.commits(REPOSITORY, base, limit=1)) == 1


def test_a_pull_request_carries_exactly_the_files(host: CodeHost, base: str) -> None:
    opened = host.open_pull_request(**opening(base))

    assert opened.state == "open"
    assert opened.branch == BRANCH
    assert host.resolve(REPOSITORY, BRANCH) == opened.head_commit
    path = host.checkout(REPOSITORY, opened.head_commit).path
    assert (path / "src" / "total.js").read_text() == "module.exports = 2;\n"
    assert (path / "src" / "new.js").read_text() == "// new\n"
    assert not (path / "old.txt").exists()
    assert (path / "run.sh").stat().st_mode & 0o100
    [newest, *_] = host.commits(REPOSITORY, opened.head_commit, limit=2)
    assert sorted(newest.paths) == sorted(FILES)


def test_opening_twice_gives_the_same_pull_request(host: CodeHost, base: str) -> None:
    first = host.open_pull_request(**opening(base))

    assert host.open_pull_request(**opening(base)) == first
    assert host.find_pull_request(REPOSITORY, BRANCH) == first


def test_a_branch_left_by_an_interrupted_try_is_continued(host: CodeHost, base: str, root: Path) -> None:
    git_dir = root / f"{REPOSITORY}.git"
    opened = host.open_pull_request(**opening(base))
    git_text("update-ref", "refs/heads/agent-platform/left", opened.head_commit, directory=git_dir)

    continued = host.open_pull_request(**opening(base, branch="agent-platform/left"))

    assert continued.head_commit == opened.head_commit
    assert continued.number != opened.number


def test_a_branch_with_other_content_is_not_taken_for_ours(host: CodeHost, base: str, root: Path) -> None:
    git_text("update-ref", f"refs/heads/{BRANCH}", base, directory=root / f"{REPOSITORY}.git")

    with pytest.raises(CodeHostError, match="other content"):
        host.open_pull_request(**opening(base))
    assert host.find_pull_request(REPOSITORY, BRANCH) is None


def test_a_pull_request_of_other_files_is_not_taken_for_ours(host: CodeHost, base: str) -> None:
    host.open_pull_request(**opening(base))

    with pytest.raises(CodeHostError, match="other content"):
        host.open_pull_request(**opening(base, files={"src/total.js": "something else\n"}))


@pytest.mark.parametrize(
    "files", [{}, {"run.sh": "#!/bin/sh\n"}, {"absent.txt": None}, {"run.sh/below": "x"}], ids=str
)
def test_files_that_make_no_change_or_do_not_fit_are_refused(
    host: CodeHost, base: str, files: dict[str, str | None]
) -> None:
    with pytest.raises(CodeHostError):
        host.open_pull_request(**opening(base, files=files))
    assert host.find_pull_request(REPOSITORY, BRANCH) is None


def test_an_unknown_base_branch_is_refused(host: CodeHost, base: str) -> None:
    with pytest.raises(CodeHostError):
        host.open_pull_request(**opening(base, base_branch="nowhere"))


def test_a_branch_without_a_pull_request_finds_none(host: CodeHost, base: str) -> None:
    host.open_pull_request(**opening(base))

    assert host.find_pull_request(REPOSITORY, "main") is None


def test_a_merge_makes_a_merge_commit_once(host: CodeHost, base: str) -> None:
    opened = host.open_pull_request(**opening(base))

    merged = host.merge_pull_request(REPOSITORY, opened.number, head_commit=opened.head_commit)

    assert host.resolve(REPOSITORY, "main") == merged
    assert host.merge_pull_request(REPOSITORY, opened.number, head_commit=opened.head_commit) == merged
    assert host.resolve(REPOSITORY, "main") == merged
    found = host.find_pull_request(REPOSITORY, BRANCH)
    assert found is not None
    assert (found.state, found.merge_commit) == ("merged", merged)
    assert (host.checkout(REPOSITORY, merged).path / "src" / "new.js").is_file()
    [newest] = host.commits(REPOSITORY, merged, limit=1)
    assert sorted(newest.paths) == sorted(FILES)


def test_a_head_that_moved_is_not_merged(host: CodeHost, base: str) -> None:
    opened = host.open_pull_request(**opening(base))

    with pytest.raises(CodeHostError, match="look at what changed"):
        host.merge_pull_request(REPOSITORY, opened.number, head_commit=base)
    assert host.resolve(REPOSITORY, "main") == base


def test_a_conflict_is_not_merged(host: CodeHost, base: str) -> None:
    first = host.open_pull_request(**opening(base))
    second = host.open_pull_request(**opening(base, branch="other", files={"src/total.js": "3\n"}))
    merged = host.merge_pull_request(REPOSITORY, first.number, head_commit=first.head_commit)

    with pytest.raises(CodeHostError):
        host.merge_pull_request(REPOSITORY, second.number, head_commit=second.head_commit)
    assert host.resolve(REPOSITORY, "main") == merged


def test_a_pull_request_that_does_not_exist_cannot_be_merged(host: CodeHost, base: str) -> None:
    with pytest.raises(CodeHostError):
        host.merge_pull_request(REPOSITORY, 99, head_commit=base)


def test_a_link_leads_to_the_line_at_the_commit(host: CodeHost, base: str) -> None:
    assert host.file_url(REPOSITORY, base, "src/a b.js", 12).endswith(f"/blob/{base}/src/a%20b.js#L12")
