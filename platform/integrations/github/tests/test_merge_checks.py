"""The platform merges at GitHub only what its checks and the branch's protection let it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from integrations.codehost import ChecksPending, CodeHostError, HostedPullRequest
from integrations.github.checks import SETTLING
from integrations.github.host import GitHubHost
from integrations.github.standin import GitHubStandin
from integrations.github.standin_checks import BranchRules
from integrations.github.tests.described import violations
from integrations.localgit.importing import ImportedCommit, repository_build
from integrations.tests.environment import GitHubTestEnvironment

REPOSITORY = "shop/orders"


class Opened:
    """A pull request at the stand-in, and what may be done to it."""

    def __init__(self, standin: GitHubStandin, host: GitHubHost) -> None:
        self.standin, self.host = standin, host
        self.pull: HostedPullRequest = host.open_pull_request(
            repository=REPOSITORY,
            base_branch="main",
            base_commit=host.resolve(REPOSITORY, "main"),
            branch="fix",
            title="Fix",
            body="",
            files={"total.js": "2\n"},
        )

    def report(self, name: str, conclusion: str = "") -> None:
        self.standin.report(REPOSITORY, self.pull.head_commit, name, conclusion)

    def protect(self, **rules: object) -> None:
        self.standin.protect(REPOSITORY, "main", BranchRules(**rules))  # type: ignore[arg-type]

    def merge(self) -> str:
        return self.host.merge_pull_request(REPOSITORY, self.pull.number, head_commit=self.pull.head_commit)

    @property
    def merges_asked_for(self) -> int:
        return self.standin.requests.count(("PUT", f"/repos/{REPOSITORY}/pulls/1/merge"))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "total.js").write_text("1\n")
    begin = ImportedCommit("Ada", "ada@example.org", datetime(2026, 1, 1, tzinfo=UTC), "Begin", ["total.js"])
    git_dir = tmp_path / "repositories" / f"{REPOSITORY}.git"
    repository_build(source, git_dir, branch="main", commits=[begin])
    with GitHubStandin(tmp_path / "repositories", token="secret-token").serving() as standin:
        environment = GitHubTestEnvironment(
            tmp_path / "data", standin.address, github_token=SecretStr("secret-token")
        )
        yield Opened(standin, GitHubHost.from_env(environment))
        assert [problem for exchange in standin.exchanges for problem in violations(exchange)] == []


@pytest.mark.parametrize("how", ["protected", "ruled"])
@pytest.mark.parametrize("name", ["build", "status:build"])
def test_a_required_check_is_waited_for_until_it_is_green(opened: Opened, how: str, name: str) -> None:
    opened.protect(**{how: ["build"]})
    with pytest.raises(ChecksPending, match=r"build of .*/pull/1 did not end yet"):
        opened.merge()
    opened.report(name, "" if name == "build" else "pending")
    with pytest.raises(ChecksPending, match="build"):
        opened.merge()

    opened.report(name, "success")

    assert opened.merge() == opened.host.resolve(REPOSITORY, "main")
    assert opened.merges_asked_for == 1


@pytest.mark.parametrize(
    ("name", "conclusion"),
    [
        ("build", "failure"),
        ("build", "timed_out"),
        ("build", "action_required"),
        ("status:build", "error"),
        ("a check that is not required", "failure"),
    ],
)
def test_a_red_check_leaves_the_merge_to_people(opened: Opened, name: str, conclusion: str) -> None:
    opened.protect(protected=["build"])
    opened.report(name, conclusion)

    with pytest.raises(CodeHostError, match=f"its checks are red: {name.removeprefix('status:')}"):
        opened.merge()
    assert opened.merges_asked_for == 0


def test_one_name_that_is_red_and_green_is_red(opened: Opened) -> None:
    opened.report("build", "success")
    opened.report("status:build", "failure")

    with pytest.raises(CodeHostError, match="red: build"):
        opened.merge()


def test_where_nothing_is_required_all_that_reports_is_waited_for(opened: Opened) -> None:
    opened.report("lint", "skipped")
    opened.report("build")
    with pytest.raises(ChecksPending, match="build"):
        opened.merge()

    opened.report("build", "neutral")

    assert opened.merge()


def test_a_check_that_is_not_required_is_not_waited_for(opened: Opened) -> None:
    opened.protect(protected=["build"])
    opened.report("build", "success")
    opened.report("preview")

    assert opened.merge()


def test_a_check_gets_a_moment_to_begin_where_nothing_is_required(opened: Opened) -> None:
    opened.standin.opened_at(REPOSITORY, 1, datetime.now(UTC))

    with pytest.raises(ChecksPending, match="none has reported on"):
        opened.merge()
    opened.standin.opened_at(REPOSITORY, 1, datetime.now(UTC) - SETTLING)

    assert opened.merge()


def test_what_branch_protection_refuses_is_left_to_people_with_its_reason(opened: Opened) -> None:
    opened.protect(protected=["build"], reviews=1)
    opened.report("build", "success")

    with pytest.raises(CodeHostError, match="At least 1 approving review is required"):
        opened.merge()


def test_rulesets_that_may_not_be_read_leave_the_decision_to_github(opened: Opened) -> None:
    opened.standin.fail_once("GET", ".*/rules/branches/main", 403)
    opened.protect(ruled=["build"])

    with pytest.raises(CodeHostError, match='Required status check "build" is expected'):
        opened.merge()


def test_waiting_for_checks_is_no_fault_of_the_hosts(opened: Opened) -> None:
    opened.protect(protected=["build"])
    for _ in range(12):
        with pytest.raises(ChecksPending):
            opened.merge()

    assert opened.host.resolve(REPOSITORY, "main")
