"""What only GitHub can do to us: faults on the way, duplicates after a lost answer, refused credentials."""

import dataclasses
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import GithubException, GithubRetry, RateLimitExceededException
from pydantic import SecretStr

from core.errors import Unavailable
from core.resilience.breaker import BreakerOpen
from integrations.codehost import CodeHostError
from integrations.github.connection import web_address
from integrations.github.errors import github_errors, limit_pause_seconds
from integrations.github.host import GitHubHost
from integrations.github.standin import GitHubStandin
from integrations.github.standin_repository import StandinRepository
from integrations.github.tests.described import violations
from integrations.localgit.importing import ImportedCommit, repository_build
from integrations.tests.environment import GitHubTestEnvironment

REPOSITORY = "shop/orders"


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[GitHubStandin]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "total.js").write_text("1\n")
    repository_build(
        source,
        tmp_path / "repositories" / f"{REPOSITORY}.git",
        branch="main",
        commits=[
            ImportedCommit("Ada", "ada@example.org", datetime(2026, 1, 1, tzinfo=UTC), "Begin", ["total.js"])
        ],
    )
    with GitHubStandin(tmp_path / "repositories", token="secret-token").serving() as standin:
        yield standin


@pytest.fixture
def environment(standin: GitHubStandin, tmp_path: Path) -> GitHubTestEnvironment:
    return GitHubTestEnvironment(tmp_path / "data", standin.address, github_token=SecretStr("secret-token"))


@pytest.fixture
def opening(environment: GitHubTestEnvironment) -> dict[str, Any]:
    return {
        "repository": REPOSITORY,
        "base_branch": "main",
        "base_commit": GitHubHost.from_env(environment).resolve(REPOSITORY, "main"),
        "branch": "fix",
        "title": "Fix",
        "body": "",
        "files": {"total.js": "2\n"},
    }


def pulls(standin: GitHubStandin) -> int:
    return len(standin.answer_as_client("GET", f"/repos/{REPOSITORY}/pulls", {"state": "all"}))


def test_a_write_that_failed_is_not_sent_again(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    standin.fail_once("POST", ".*/pulls", 502)

    with pytest.raises(Unavailable) as raised:
        GitHubHost.from_env(environment).open_pull_request(**opening)

    assert raised.value.system == "github"
    assert standin.requests.count(("POST", f"/repos/{REPOSITORY}/pulls")) == 1


def test_a_read_that_failed_is_sent_again(standin: GitHubStandin, environment: GitHubTestEnvironment) -> None:
    standin.fail_once("GET", ".*/commits/main", 502)

    assert GitHubHost.from_env(environment).resolve(REPOSITORY, "main")
    assert standin.requests.count(("GET", f"/repos/{REPOSITORY}/commits/main")) == 2


@pytest.mark.parametrize("lost", [".*/git/trees", ".*/git/commits", ".*/git/refs", ".*/pulls", ".*/labels"])
def test_an_answer_lost_anywhere_leads_to_one_pull_request(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any], lost: str
) -> None:
    host = GitHubHost.from_env(environment)
    standin.fail_once("POST", lost, 502, after=True)
    with pytest.raises(Unavailable):
        host.open_pull_request(**opening, labels=["agent-platform"])

    opened = host.open_pull_request(**opening, labels=["agent-platform"])

    assert opened.number == 1
    assert pulls(standin) == 1


def test_a_merge_whose_answer_was_lost_is_found_merged(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    host = GitHubHost.from_env(environment)
    opened = host.open_pull_request(**opening)
    standin.fail_once("PUT", ".*/merge", 502, after=True)
    with pytest.raises(Unavailable):
        host.merge_pull_request(REPOSITORY, opened.number, head_commit=opened.head_commit)

    merged = host.merge_pull_request(REPOSITORY, opened.number, head_commit=opened.head_commit)

    assert host.resolve(REPOSITORY, "main") == merged
    assert standin.requests.count(("PUT", f"/repos/{REPOSITORY}/pulls/1/merge")) == 1


def test_a_pull_request_that_someone_else_opened_meanwhile_is_found(
    standin: GitHubStandin,
    environment: GitHubTestEnvironment,
    opening: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = GitHubHost.from_env(environment).open_pull_request(**opening)
    from integrations.github import host as module

    monkeypatch.setattr(module, "pull_request_find", lambda *_: None)  # looked before the other one opened it

    assert GitHubHost.from_env(environment).open_pull_request(**opening) == first
    assert pulls(standin) == 1


def test_reviewers_that_github_refuses_do_not_lose_the_pull_request(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    opened = GitHubHost.from_env(environment).open_pull_request(**opening, reviewers=["@stranger"])

    assert opened.state == "open"
    assert ("POST", f"/repos/{REPOSITORY}/pulls/1/requested_reviewers") in standin.requests


def test_labels_and_reviewers_are_asked_for_once(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    host = GitHubHost.from_env(environment)
    host.open_pull_request(**opening, labels=["a", "b"], reviewers=["@collaborator-1"])
    host.open_pull_request(**opening, labels=["a", "b"], reviewers=["@collaborator-1"])

    pull = standin.answer_as_client("GET", f"/repos/{REPOSITORY}/pulls/1")
    assert [label["name"] for label in pull["labels"]] == ["a", "b"]
    assert [user["login"] for user in pull["requested_reviewers"]] == ["collaborator-1"]
    assert standin.requests.count(("POST", f"/repos/{REPOSITORY}/issues/1/labels")) == 1


def test_owners_that_are_teams_are_asked_as_teams(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    host = GitHubHost.from_env(environment)
    owners = [
        "@shop/orders-team",
        "@Shop/payments-team",
        "@other/orders-team",
        "ada@example.org",
        "collaborator-1",
    ]
    for _ in range(2):
        host.open_pull_request(**opening, reviewers=owners)

    pull = standin.answer_as_client("GET", f"/repos/{REPOSITORY}/pulls/1")
    assert [team["slug"] for team in pull["requested_teams"]] == ["orders-team", "payments-team"]
    assert [user["login"] for user in pull["requested_reviewers"]] == ["collaborator-1"]
    [asked] = [found for found in standin.exchanges if found.request.path.endswith("/requested_reviewers")]
    assert asked.request.body == {
        "reviewers": ["collaborator-1"],
        "team_reviewers": ["orders-team", "payments-team"],
    }
    assert [problem for exchange in standin.exchanges for problem in violations(exchange)] == []


def test_one_reviewer_that_github_refuses_does_not_cost_the_others(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    owners = ["@collaborator-1", "@stranger", "@shop/orders-team", "@shop/unknown"]
    GitHubHost.from_env(environment).open_pull_request(**opening, reviewers=owners)

    pull = standin.answer_as_client("GET", f"/repos/{REPOSITORY}/pulls/1")
    assert [user["login"] for user in pull["requested_reviewers"]] == ["collaborator-1"]
    assert [team["slug"] for team in pull["requested_teams"]] == ["orders-team"]
    assert [problem for exchange in standin.exchanges for problem in violations(exchange)] == []


def test_an_enterprise_server_is_asked_below_its_path_and_people_are_sent_to_its_site(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    with GitHubStandin(standin.root, token="secret-token", prefix="/api/v3").serving() as enterprise:
        address = f"{enterprise.address}/api/v3/"
        host = GitHubHost.from_env(dataclasses.replace(environment, github_api_url=address))

        opened = host.open_pull_request(**opening, labels=["a"], reviewers=["@shop/orders-team"])
        host.merge_pull_request(REPOSITORY, opened.number, head_commit=opened.head_commit)

        site = f"{enterprise.address}/{REPOSITORY}"
        assert opened.url == f"{site}/pull/1"
        commit = opening["base_commit"]
        assert host.file_url(REPOSITORY, commit, "total.js", 1) == f"{site}/blob/{commit}/total.js#L1"
        assert [problem for exchange in enterprise.exchanges for problem in violations(exchange)] == []
        addresses = [
            exchange.answer.body["url"] for exchange in enterprise.exchanges if "url" in exchange.answer.body
        ]
        assert addresses
        assert all(found.startswith(f"{enterprise.address}/api/v3/repos/") for found in addresses)


def test_a_wrong_token_says_which_setting_to_check(environment: GitHubTestEnvironment) -> None:
    wrong = dataclasses.replace(environment, github_token=SecretStr("wrong"))

    with pytest.raises(CodeHostError, match="GITHUB_TOKEN"):
        GitHubHost.from_env(wrong).resolve(REPOSITORY, "main")


def test_missing_credentials_say_which_setting_to_set(environment: GitHubTestEnvironment) -> None:
    with pytest.raises(CodeHostError, match="set GITHUB_TOKEN"):
        GitHubHost.from_env(dataclasses.replace(environment, github_token=None))
    with pytest.raises(CodeHostError, match="GITHUB_APP_PRIVATE_KEY"):
        GitHubHost.from_env(dataclasses.replace(environment, github_app_id=1))


def test_a_server_that_is_not_there_is_unavailable(
    environment: GitHubTestEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GithubRetry, "sleep", lambda *_: None)
    nowhere = dataclasses.replace(environment, github_api_url="http://127.0.0.1:1")

    with pytest.raises(Unavailable, match="cannot be reached"):
        GitHubHost.from_env(nowhere).resolve(REPOSITORY, "main")


def test_a_github_app_with_the_documented_permissions_fetches_opens_and_merges(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    app = dataclasses.replace(
        environment,
        github_token=None,
        github_app_id=7,
        github_app_private_key=SecretStr(key.decode().replace("\n", "\\n")),
        github_app_installation_id=9,
    )
    host = GitHubHost.from_env(app)

    checkout = host.checkout(REPOSITORY, host.resolve(REPOSITORY, "main"))

    opened = host.open_pull_request(**opening, labels=["agent-platform"])
    merged = host.merge_pull_request(REPOSITORY, opened.number, head_commit=opened.head_commit)

    assert (checkout.path / "total.js").is_file()
    assert host.resolve(REPOSITORY, "main") == merged
    assert standin.requests.count(("POST", "/app/installations/9/access_tokens")) == 1


def test_a_checkout_that_is_there_needs_no_github(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    host = GitHubHost.from_env(environment)
    host.checkout(REPOSITORY, opening["base_commit"])
    before = len(standin.requests)

    host.checkout(REPOSITORY, opening["base_commit"])
    host.commits(REPOSITORY, opening["base_commit"], limit=3)

    assert len(standin.requests) == before


def test_the_stand_in_ignores_a_head_without_an_owner_as_github_does(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    GitHubHost.from_env(environment).open_pull_request(**opening)

    path = f"/repos/{REPOSITORY}/pulls"
    assert len(standin.answer_as_client("GET", path, {"head": "some-other-branch"})) == 1
    assert len(standin.answer_as_client("GET", path, {"head": "shop:some-other-branch"})) == 0


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://github.example.org/api/v3", "https://github.example.org"),
        ("https://api.example.org/api/v3", "https://api.example.org"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
    ],
)
def test_people_are_sent_to_the_site_not_to_the_api(api: str, web: str) -> None:
    assert web_address(api) == web


def test_the_author_of_a_commit_and_the_words_of_who_closed_are_found(
    standin: GitHubStandin, environment: GitHubTestEnvironment, opening: dict[str, Any]
) -> None:
    host = GitHubHost.from_env(environment)
    opened = host.open_pull_request(**opening)
    standin.comment(REPOSITORY, opened.number, "bo", "Not like this.")
    standin.comment(REPOSITORY, opened.number, "ada", "Fine by me.")

    assert host.logins(REPOSITORY, [opening["base_commit"]] * 2) == ["Ada"]
    assert host.closing_comment(REPOSITORY, opened.number, by="bo") == "Not like this."
    assert host.closing_comment(REPOSITORY, opened.number, by="eve") == ""
    assert [problem for exchange in standin.exchanges for problem in violations(exchange)] == []


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (429, {"Retry-After": "90"}, 90),
        (403, {"Retry-After": "75"}, 75),
        (429, {}, 60),
    ],
)
def test_a_limit_is_waited_out_by_everybody_for_as_long_as_github_says(
    status: int, headers: dict[str, str], pause: float
) -> None:
    error = GithubException(status, {"message": "slow down"}, headers)

    with pytest.raises(Unavailable) as raised, github_errors("asking"):
        raise error

    assert raised.value.retry_after_seconds == pause
    with pytest.raises(BreakerOpen), github_errors("asking again"):
        raise AssertionError("GitHub was asked before its limit was reset")


def test_a_used_up_primary_limit_is_waited_out_until_its_reset() -> None:
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 600)}
    error = RateLimitExceededException(403, {"message": "API rate limit exceeded"}, reset)

    pause = limit_pause_seconds(error)

    assert pause is not None
    assert 590 < pause <= 600
    assert limit_pause_seconds(GithubException(403, {"message": "Resource not accessible"}, {})) is None


def test_nothing_is_opened_where_github_hands_out_other_bytes(
    standin: GitHubStandin,
    environment: GitHubTestEnvironment,
    opening: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = StandinRepository.blob
    monkeypatch.setattr(StandinRepository, "blob", lambda self, sha: {**real(self, sha), "content": "MwoK"})

    with pytest.raises(CodeHostError, match="other bytes"):
        GitHubHost.from_env(environment).open_pull_request(**opening)

    assert pulls(standin) == 0
    assert ("POST", f"/repos/{REPOSITORY}/git/refs") not in standin.requests
