"""GitHub as a code host, through PyGithub and a local mirror."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import quote, urlsplit

from github import Github
from github.PullRequest import PullRequest
from github.Repository import Repository

from core.patch import checked_path
from integrations.codehost import Checkout, CodeHostError, Commit, CommittedFile, HostedPullRequest
from integrations.git import checked_commit, checked_repository
from integrations.git_checkout import checkout_of
from integrations.git_commits import history_of, tree_with
from integrations.git_files import files_of
from integrations.github.checks import checks_verify
from integrations.github.connection import GitHubSettings, connect, is_loopback, web_address
from integrations.github.errors import github_errors
from integrations.github.mirror import Remote, mirror_with
from integrations.github.publishing import (
    branch_publish,
    head_verify,
    people_invite,
    pull_request_find,
    pull_request_publish,
)


class Environment(GitHubSettings, Protocol):
    @property
    def data_dir(self) -> Path: ...


class GitHubHost:
    """A CodeHost over GitHub's API at `api_url`; `mirrors` and `checkouts` are folders of this machine."""

    def __init__(self, github: Github, *, api_url: str, mirrors: Path, checkouts: Path) -> None:
        self._github = github
        self._api_url = api_url.rstrip("/")
        self._mirrors = mirrors
        self._checkouts = checkouts

    @classmethod
    def from_env(cls, env: Environment) -> Self:
        """Return the host that the environment describes. Raises CodeHostError for incomplete credentials."""
        return cls(
            connect(env),
            api_url=env.github_api_url,
            mirrors=env.data_dir / "mirrors",
            checkouts=env.data_dir / "checkouts",
        )

    def resolve(self, repository: str, ref: str) -> str:
        with github_errors(f"resolving {ref!r} of {repository}"):
            return self._hosted(repository).get_commit(ref).sha

    def checkout(self, repository: str, commit: str) -> Checkout:
        git_dir = self._mirror(repository, commit)
        return checkout_of(repository=repository, commit=commit, git_dir=git_dir, checkouts=self._checkouts)

    def files(self, repository: str, commit: str, paths: Iterable[str]) -> dict[str, CommittedFile | None]:
        return files_of(self._mirror(repository, commit), commit, paths)

    def commits(self, repository: str, commit: str, *, limit: int) -> list[Commit]:
        return history_of(self._mirror(repository, commit), commit, limit=limit)

    def open_pull_request(
        self,
        *,
        repository: str,
        base_branch: str,
        base_commit: str,
        branch: str,
        title: str,
        body: str,
        files: Mapping[str, str | None],
        labels: Sequence[str] = (),
        reviewers: Sequence[str] = (),
    ) -> HostedPullRequest:
        git_dir = self._mirror(repository, base_commit)
        tree = tree_with(git_dir, base_commit, files)
        with github_errors(f"opening the pull request of {branch} at {repository}"):
            hosted = self._hosted(repository)
            pull = pull_request_find(hosted, branch)
            if pull is not None:
                head_verify(hosted, pull.head.sha, base_commit=base_commit, tree=tree, branch=branch)
            else:
                branch_publish(
                    hosted,
                    git_dir=git_dir,
                    branch=branch,
                    base_commit=base_commit,
                    files=files,
                    tree=tree,
                    message=title,
                )
                pull = pull_request_publish(hosted, branch=branch, base_branch=base_branch, title=title, body=body)
            if pull.state == "open":
                people_invite(pull, labels=labels, reviewers=reviewers)
            return _described(pull)

    def find_pull_request(self, repository: str, branch: str) -> HostedPullRequest | None:
        with github_errors(f"looking for the pull request of {branch} at {repository}"):
            pull = pull_request_find(self._hosted(repository), branch)
            return None if pull is None else _described(pull)

    def merge_pull_request(self, repository: str, number: int, *, head_commit: str) -> str:
        with github_errors(f"merging {repository}#{number}"):
            hosted = self._hosted(repository)
            pull = hosted.get_pull(number)
            if pull.merged:
                return pull.merge_commit_sha
            if pull.state == "closed":
                raise CodeHostError(f"{repository}#{number} is closed, so it cannot be merged")
            if pull.head.sha != head_commit:
                raise CodeHostError(
                    f"{repository}#{number} is at {pull.head.sha[:10]}, not at {head_commit[:10]}: "
                    "look at what changed, then merge that"
                )
            checks_verify(hosted, pull)
            # GitHub checks the hash again, so that a push in between is not merged unseen.
            return pull.merge(merge_method="merge", sha=head_commit).sha

    def logins(self, repository: str, commits: Sequence[str]) -> list[str]:
        with github_errors(f"looking up the authors of commits of {repository}"):
            hosted = self._hosted(repository)
            # `author` is empty where no account has the commit's address.
            authors = [hosted.get_commit(checked_commit(commit)).author for commit in commits]
            return list(dict.fromkeys(author.login for author in authors if author is not None))

    def closing_comment(self, repository: str, number: int, *, by: str) -> str:
        with github_errors(f"reading the comments of {repository}#{number}"):
            comments = self._hosted(repository).get_pull(number).get_issue_comments()
            said = [comment.body for comment in comments if comment.user is not None and comment.user.login == by]
            return said[-1] if said else ""

    def file_url(self, repository: str, commit: str, path: str, line: int) -> str:
        return f"{web_address(self._api_url)}/{repository}/blob/{commit}/{quote(checked_path(path))}#L{line}"

    def _hosted(self, repository: str) -> Repository:
        return self._github.get_repo(checked_repository(repository))

    def _mirror(self, repository: str, commit: str) -> Path:
        checked_commit(commit)
        return mirror_with(
            mirrors=self._mirrors, repository=repository, commit=commit, remote=lambda: self._remote(repository)
        )

    def _remote(self, repository: str) -> Remote:
        with github_errors(f"fetching {repository}"):
            url = self._hosted(repository).clone_url
            auth = self._github.requester.auth
            token = "" if auth is None else auth.token
        if urlsplit(url).scheme != "https" and not is_loopback(self._api_url):
            raise CodeHostError(f"{self._api_url} offers {repository} at {url}; only https is fetched from")
        return Remote(url=url, token=token)


def _described(pull: PullRequest) -> HostedPullRequest:
    # A list shows merged_at only, and merge_commit_sha is a mere test merge while the pull request is open.
    is_merged = pull.merged_at is not None
    return HostedPullRequest(
        number=pull.number,
        url=pull.html_url,
        branch=pull.head.ref,
        head_commit=pull.head.sha,
        state="merged" if is_merged else "open" if pull.state == "open" else "closed",
        merge_commit=pull.merge_commit_sha if is_merged else "",
    )
