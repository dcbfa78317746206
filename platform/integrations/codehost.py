"""What the pipeline needs of a code host. GitHub and the local git host both pass the same contract test."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from core.errors import PlatformError, Unavailable


class CodeHostError(PlatformError):
    """The host refused; the text says what and what to do. Temporary faults are `core.errors.Unavailable`."""


# What a pull request waits for whose checks go on, where others name the system that is away.
CHECKS = "checks"


class ChecksPending(Unavailable):
    """The host waits for checks of a pull request; a later try may merge it. No fault of the host's."""

    def __init__(self, message: str) -> None:
        super().__init__(CHECKS, message)


@dataclass(frozen=True)
class Checkout:
    """The sources of one commit on disk, shared between incidents and never written to.

    `git_dir` is a bare repository that holds the history up to `commit`.
    """

    repository: str
    commit: str
    path: Path
    git_dir: Path


@dataclass(frozen=True)
class CommittedFile:
    """A file of a commit; a link's content is where it leads."""

    content: bytes
    is_link: bool


@dataclass(frozen=True)
class Commit:
    sha: str
    author: str
    authored_at: datetime
    subject: str
    paths: Sequence[str]


@dataclass(frozen=True)
class HostedPullRequest:
    number: int
    url: str
    branch: str
    head_commit: str
    state: Literal["open", "merged", "closed"]
    merge_commit: str = ""


class CodeHost(Protocol):
    """All methods raise CodeHostError for a refusal and Unavailable for a temporary fault."""

    def resolve(self, repository: str, ref: str) -> str:
        """Return the full hash of the commit that branch, tag or hash `ref` names."""
        ...

    def checkout(self, repository: str, commit: str) -> Checkout:
        """Return the sources of `commit`, fetched and unpacked once; safe to call from several processes."""
        ...

    def files(self, repository: str, commit: str, paths: Iterable[str]) -> dict[str, CommittedFile | None]:
        """Return each path as `commit` has it, None where it has no file there; nothing else is unpacked."""
        ...

    def commits(self, repository: str, commit: str, *, limit: int) -> list[Commit]:
        """Return at most `limit` commits that led to `commit`, newest first."""
        ...

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
        """Commit `files` (None deletes) on `base_commit` as `branch` and open its pull request.

        Idempotent by `branch`: an existing branch with the same tree is continued, an existing pull request is
        returned. Verifies that the tree on the host holds exactly `files`; raises CodeHostError if it does not.
        """
        ...

    def find_pull_request(self, repository: str, branch: str) -> HostedPullRequest | None:
        """Return the pull request whose head is `branch`, open or not, or None."""
        ...

    def merge_pull_request(self, repository: str, number: int, *, head_commit: str) -> str:
        """Merge if the head is still `head_commit` and its checks are green; return the merge commit.

        A merged one is no error. Raises ChecksPending while checks go on, and CodeHostError for a red one.
        """
        ...

    def logins(self, repository: str, commits: Sequence[str]) -> list[str]:
        """Return the host's names of those who wrote these commits; whom the host does not know is left out."""
        ...

    def closing_comment(self, repository: str, number: int, *, by: str) -> str:
        """Return the newest comment of the person `by` on a pull request, or an empty text."""
        ...

    def file_url(self, repository: str, commit: str, path: str, line: int) -> str:
        """Return a permanent link to a line at a commit."""
        ...
