"""The code host of one machine: bare repositories in a folder, pull requests in the database."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from core.patch import checked_path
from integrations.codehost import Checkout, CodeHostError, Commit, CommittedFile, HostedPullRequest
from integrations.git import GitFailed, checked_commit, checked_repository, git
from integrations.git_checkout import checkout_of
from integrations.git_commits import commit_write, history_of, parents_of, tree_of, tree_with
from integrations.git_files import files_of
from integrations.git_refs import commit_of
from integrations.localgit.importing import ImportedCommit, repository_build
from integrations.localgit.merging import branch_merge
from integrations.localgit.models import LocalPullRequest, State
from integrations.localgit.webhook import webhook_deliver

__all__ = ["ImportedCommit", "LocalGitHost"]

AUTHOR = "agent-platform"
AUTHOR_EMAIL = "noreply@agent-platform.invalid"
NO_COMMIT = "0" * 40


class LocalGitHost:
    """A CodeHost over `root`/owner/name.git whose pages are below `address`.

    Checkouts go into `checkouts`, by default beside `root`.
    """

    def __init__(self, root: Path, address: str, *, checkouts: Path | None = None) -> None:
        self._root = root
        self._address = address
        self._checkouts = checkouts or root.parent / "checkouts"

    def repository_import(
        self, source: Path, repository: str, *, branch: str = "main", commits: Sequence[ImportedCommit]
    ) -> str:
        """Make `repository` anew from the folder `source` and return its head; equal input, equal hashes.

        Raises CodeHostError while pull requests of it exist, because their branches would be lost.
        """
        if LocalPullRequest.objects.filter(repository=repository).exists():
            raise CodeHostError(f"{repository} has pull requests: remove them before it is imported anew")
        return repository_build(source, self._path(repository), branch=branch, commits=commits)

    @property
    def root(self) -> Path:
        """The folder of all repositories."""
        return self._root

    def has_repository(self, repository: str) -> bool:
        """Return whether there is such a repository here."""
        return self._path(repository).is_dir()

    def git_dir(self, repository: str) -> Path:
        """Return the bare repository. Raises CodeHostError if there is none."""
        path = self._path(repository)
        if not path.is_dir():
            raise CodeHostError(f"there is no repository {repository} at the local code host ({path})")
        return path

    def resolve(self, repository: str, ref: str) -> str:
        commit = commit_of(self.git_dir(repository), ref)
        if commit is None:
            raise CodeHostError(f"{repository} has no branch, tag or commit {ref!r}")
        return commit

    def checkout(self, repository: str, commit: str) -> Checkout:
        git_dir = self.git_dir(repository)
        return checkout_of(repository=repository, commit=commit, git_dir=git_dir, checkouts=self._checkouts)

    def files(self, repository: str, commit: str, paths: Iterable[str]) -> dict[str, CommittedFile | None]:
        return files_of(self.git_dir(repository), self.resolve(repository, commit), paths)

    def commits(self, repository: str, commit: str, *, limit: int) -> list[Commit]:
        return history_of(self.git_dir(repository), self.resolve(repository, commit), limit=limit)

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
        git_dir = self.git_dir(repository)
        for ref in (f"refs/heads/{base_branch}", checked_commit(base_commit)):
            self.resolve(repository, ref)
        tree = tree_with(git_dir, base_commit, files)
        with transaction.atomic():
            _lock(repository)
            row = LocalPullRequest.objects.filter(repository=repository, branch=branch).first()
            if row is not None:
                _verify(git_dir, row.head_commit, base_commit=base_commit, tree=tree, branch=branch)
                return self._hosted(row)
            head = _branch_create(git_dir, branch, base_commit=base_commit, tree=tree, message=title)
            highest = LocalPullRequest.objects.filter(repository=repository).aggregate(Max("number"))[
                "number__max"
            ]
            row = LocalPullRequest.objects.create(
                repository=repository,
                number=(highest or 0) + 1,
                title=title,
                body=body,
                branch=branch,
                base_branch=base_branch,
                base_commit=base_commit,
                head_commit=head,
                labels=list(labels),
                reviewers=list(reviewers),
            )
        return self._hosted(row)

    def find_pull_request(self, repository: str, branch: str) -> HostedPullRequest | None:
        row = LocalPullRequest.objects.filter(repository=repository, branch=branch).first()
        return None if row is None else self._hosted(row)

    def merge_pull_request(
        self, repository: str, number: int, *, head_commit: str, merged_by: str = AUTHOR
    ) -> str:
        with transaction.atomic():
            # Merges take turns: each moves the branch that all others are merged into.
            _lock(repository)
            row = _locked_row(repository, number)
            if row.state == State.MERGED:
                return row.merge_commit
            if row.state == State.CLOSED:
                raise CodeHostError(f"{row} is closed, so it cannot be merged")
            git_dir = self.git_dir(repository)
            head = self.resolve(repository, f"refs/heads/{row.branch}")
            if head != head_commit:
                raise CodeHostError(
                    f"{row} is at {head[:10]}, not at {head_commit[:10]}: look at what changed, then merge that"
                )
            now = timezone.now()
            row.merge_commit = branch_merge(
                git_dir,
                branch=row.base_branch,
                head=head,
                message=f"Merge pull request #{row.number} from {row.branch}\n\n{row.title}\n",
                name=merged_by,
                at=now,
            )
            row.state, row.closed_at = State.MERGED, now
            row.save(update_fields=["merge_commit", "state", "closed_at"])
            self._deliver_after_commit(row)
        return row.merge_commit

    def close_pull_request(self, repository: str, number: int) -> None:
        """Close without merging; a closed one is no error. Raises CodeHostError for a merged one."""
        with transaction.atomic():
            row = _locked_row(repository, number)
            if row.state == State.MERGED:
                raise CodeHostError(f"{row} is merged, so it cannot be closed")
            if row.state == State.OPEN:
                row.state, row.closed_at = State.CLOSED, timezone.now()
                row.save(update_fields=["state", "closed_at"])
                self._deliver_after_commit(row)

    def logins(self, repository: str, commits: Sequence[str]) -> list[str]:
        return []  # this host has no accounts of its own for authors

    def closing_comment(self, repository: str, number: int, *, by: str) -> str:
        return ""  # and no comments

    def file_url(self, repository: str, commit: str, path: str, line: int) -> str:
        return f"{self._address}/pulls/{repository}/blob/{commit}/{quote(checked_path(path))}#L{line}"

    def _deliver_after_commit(self, row: LocalPullRequest) -> None:
        transaction.on_commit(partial(webhook_deliver, row.pk, address=self._address), robust=True)

    def _path(self, repository: str) -> Path:
        return self._root / f"{checked_repository(repository)}.git"

    def _hosted(self, row: LocalPullRequest) -> HostedPullRequest:
        return HostedPullRequest(
            number=row.number,
            url=f"{self._address}/pulls/{row.repository}/{row.number}/",
            branch=row.branch,
            head_commit=row.head_commit,
            state=cast(Literal["open", "merged", "closed"], row.state),
            merge_commit=row.merge_commit,
        )


def _lock(repository: str) -> None:
    # Numbers follow one another and branches move by one merge at a time: who does either waits for the others.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"localgit {repository}"])


def _locked_row(repository: str, number: int) -> LocalPullRequest:
    try:
        return LocalPullRequest.objects.select_for_update().get(repository=repository, number=number)
    except LocalPullRequest.DoesNotExist as error:
        raise CodeHostError(f"there is no pull request {repository}#{number}") from error


def _branch_create(git_dir: Path, branch: str, *, base_commit: str, tree: str, message: str) -> str:
    """Return the head of the new branch, or of the one that an interrupted try left with the same content."""
    ref = f"refs/heads/{branch}"
    head = commit_of(git_dir, ref)
    if head is None:
        head = commit_write(
            git_dir,
            tree=tree,
            parents=[base_commit],
            message=f"{message}\n",
            name=AUTHOR,
            email=AUTHOR_EMAIL,
            at=timezone.now(),
        )
        try:
            git("update-ref", ref, head, NO_COMMIT, directory=git_dir)
        except GitFailed as error:
            raise CodeHostError(f"the branch {branch} cannot be created: {error}") from error
    else:
        _verify(git_dir, head, base_commit=base_commit, tree=tree, branch=branch)
    return head


def _verify(git_dir: Path, head: str, *, base_commit: str, tree: str, branch: str) -> None:
    if parents_of(git_dir, head) != [base_commit] or tree_of(git_dir, head) != tree:
        raise CodeHostError(
            f"the branch {branch} exists with other content (at {head[:10]}) than the fix on {base_commit[:10]}. "
            "Delete the branch, or continue by hand."
        )
