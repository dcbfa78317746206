"""GitHub hands out lists in pages, and the client reads every one that a decision rests on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from integrations.codehost import ChecksPending, CodeHostError
from integrations.git import git
from integrations.git_commits import DELETED
from integrations.github import standin_repository
from integrations.github.connection import connect
from integrations.github.host import GitHubHost
from integrations.github.standin import GitHubStandin, Request
from integrations.github.standin_checks import BranchRules
from integrations.github.standin_pages import Page
from integrations.github.tests.described import violations
from integrations.localgit.importing import ImportedCommit, repository_build
from integrations.tests.environment import GitHubTestEnvironment

REPOSITORY = "shop/orders"
PULLS = 130


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[GitHubStandin]:
    """A repository with so many open pull requests that a list of them has pages."""
    source = tmp_path / "source"
    source.mkdir()
    git_dir = tmp_path / "repositories" / f"{REPOSITORY}.git"
    commits = [
        ImportedCommit("Ada", "ada@example.org", datetime(2026, 1, day, tzinfo=UTC), name, [name])
        for day, name in enumerate(("a.js", "b.js"), start=1)
    ]
    for name in ("a.js", "b.js"):
        (source / name).write_text("1\n")
    head = repository_build(source, git_dir, branch="work", commits=commits)
    branches = "".join(f"create refs/heads/fix-{number} {head}\n" for number in range(1, PULLS + 1))
    git("update-ref", "--stdin", directory=git_dir, stdin=branches.encode())
    git("update-ref", "refs/heads/main", f"{head}^", DELETED, directory=git_dir)
    with GitHubStandin(tmp_path / "repositories", token="secret-token").serving() as standin:
        for number in range(1, PULLS + 1):
            opening = {"title": "Fix", "head": f"fix-{number}", "base": "main"}
            request = Request("POST", f"/repos/{REPOSITORY}/pulls", {}, opening)
            assert standin.answer(request, "token secret-token").status == 201
        standin.requests.clear()
        yield standin
        assert [problem for exchange in standin.exchanges for problem in violations(exchange)] == []


@pytest.fixture
def environment(standin: GitHubStandin, tmp_path: Path) -> GitHubTestEnvironment:
    return GitHubTestEnvironment(tmp_path / "data", standin.address, github_token=SecretStr("secret-token"))


@pytest.mark.parametrize(
    ("query", "number", "rows", "links"),
    [
        ({}, 1, 30, "next=2 last=5"),
        ({"per_page": "100"}, 1, 100, "next=2 last=2"),
        ({"per_page": "1000", "page": "2"}, 2, 100, "prev=1 first=1"),
        ({"page": "3"}, 3, 30, "prev=2 next=4 last=5 first=1"),
        ({"page": "x", "per_page": "0"}, 1, 30, "next=2 last=5"),
    ],
)
def test_a_page_says_where_the_others_are(query: dict[str, str], number: int, rows: int, links: str) -> None:
    page = Page.asked(query)
    header = page.links(PULLS, url="http://127.0.0.1/pulls", query=query)

    assert (page.number, page.rows) == (number, rows)
    found = [part.strip("<>").split(">; rel=") for part in header.replace('"', "").split(", ")]
    assert " ".join(f"{name}={parse_qs(urlsplit(url).query)['page'][0]}" for url, name in found) == links
    assert list(page.of(range(PULLS))) == list(range(PULLS))[(number - 1) * rows : number * rows]


def test_what_fits_on_one_page_has_no_links() -> None:
    assert Page().links(30, url="http://127.0.0.1/pulls", query={}) == ""


def test_every_pull_request_is_listed_once_without_asking_git_of_each(
    standin: GitHubStandin, environment: GitHubTestEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> str:
        raise AssertionError("git was asked")

    monkeypatch.setattr(standin_repository, "git_text", asked)

    found = [pull.number for pull in connect(environment).get_repo(REPOSITORY).get_pulls(state="all")]

    assert found == list(range(PULLS, 0, -1))
    assert standin.requests.count(("GET", f"/repos/{REPOSITORY}/pulls")) == 2


def test_a_red_check_on_the_second_page_is_seen(
    standin: GitHubStandin, environment: GitHubTestEnvironment
) -> None:
    host = GitHubHost.from_env(environment)
    head = host.resolve(REPOSITORY, "fix-1")
    for number in range(1, 102):
        standin.report(REPOSITORY, head, f"check {number}", "failure" if number == 101 else "success")

    with pytest.raises(CodeHostError, match="its checks are red: check 101"):
        host.merge_pull_request(REPOSITORY, 1, head_commit=head)


def test_a_red_status_on_the_second_page_is_seen(
    standin: GitHubStandin, environment: GitHubTestEnvironment
) -> None:
    host = GitHubHost.from_env(environment)
    head = host.resolve(REPOSITORY, "fix-1")
    for number in range(1, 102):
        standin.report(REPOSITORY, head, f"status:s{number}", "error" if number == 101 else "success")

    with pytest.raises(CodeHostError, match="its checks are red: s101"):
        host.merge_pull_request(REPOSITORY, 1, head_commit=head)


def test_a_required_status_on_the_second_page_has_reported(
    standin: GitHubStandin, environment: GitHubTestEnvironment
) -> None:
    host = GitHubHost.from_env(environment)
    head = host.resolve(REPOSITORY, "fix-1")
    standin.protect(REPOSITORY, "main", BranchRules(protected=["s101"]))
    for number in range(1, 102):
        standin.report(REPOSITORY, head, f"status:s{number}", "pending" if number == 101 else "success")

    with pytest.raises(ChecksPending, match=r"s101 of .* did not end yet"):
        host.merge_pull_request(REPOSITORY, 1, head_commit=head)

    standin.report(REPOSITORY, head, "status:s101", "success")
    host.merge_pull_request(REPOSITORY, 1, head_commit=head)

    assert connect(environment).get_repo(REPOSITORY).get_pull(1).merged


def test_a_rule_on_the_second_page_is_waited_for(
    standin: GitHubStandin, environment: GitHubTestEnvironment
) -> None:
    host = GitHubHost.from_env(environment)
    head = host.resolve(REPOSITORY, "fix-1")
    names = [f"check {number}" for number in range(1, 102)]
    standin.protect(REPOSITORY, "main", BranchRules(ruled=names))
    for name in names[:-1]:
        standin.report(REPOSITORY, head, name, "success")

    with pytest.raises(ChecksPending, match=r"check 101 of .* did not end yet"):
        host.merge_pull_request(REPOSITORY, 1, head_commit=head)


def test_the_newest_comment_is_found_on_the_last_page(
    standin: GitHubStandin, environment: GitHubTestEnvironment
) -> None:
    for number in range(1, 102):
        standin.comment(REPOSITORY, 1, "ada", f"comment {number}")

    assert GitHubHost.from_env(environment).closing_comment(REPOSITORY, 1, by="ada") == "comment 101"
