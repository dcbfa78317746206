"""A branch with one commit and its pull request at GitHub, in an order that a crash at any point leaves clean.

Tree and commit are invisible until the ref names them, so the ref is created last and on the finished commit.
"""

import base64
from collections.abc import Mapping, Sequence, Set
from http import HTTPStatus
from pathlib import Path

import structlog
from github import GithubException, GithubObject, InputGitTreeElement, UnknownObjectException
from github.PullRequest import PullRequest
from github.Repository import Repository

from core.patch import Patch
from integrations.codehost import CodeHostError
from integrations.git import git_text
from integrations.git_commits import FILE, modes_of
from integrations.github.errors import said

logger = structlog.get_logger(__name__)


def branch_publish(
    hosted: Repository,
    *,
    git_dir: Path,
    branch: str,
    base_commit: str,
    files: Mapping[str, str | None],
    tree: str,
    message: str,
) -> str:
    """Return the head of the new branch, or of the one that an interrupted try left with the same content.

    Raises CodeHostError if the branch or the tree on the host is not what was asked for.
    """
    head = _head_of(hosted, branch)
    if head is None:
        head = _commit(hosted, git_dir=git_dir, base_commit=base_commit, files=files, tree=tree, message=message)
        try:
            hosted.create_git_ref(f"refs/heads/{branch}", head)
        except GithubException as error:
            if not _says(error, "already exists"):
                raise
            head = _head_of(hosted, branch) or head
    head_verify(hosted, head, base_commit=base_commit, tree=tree, branch=branch)
    return head


def head_verify(hosted: Repository, head: str, *, base_commit: str, tree: str, branch: str) -> None:
    """Raise CodeHostError unless the commit `head` is `tree` on `base_commit`."""
    commit = hosted.get_git_commit(head)
    if [parent.sha for parent in commit.parents] != [base_commit] or commit.tree.sha != tree:
        raise CodeHostError(
            f"the branch {branch} exists with other content (at {head[:10]}) than the fix on {base_commit[:10]}. "
            "Delete the branch, or continue by hand."
        )


def pull_request_publish(
    hosted: Repository, *, branch: str, base_branch: str, title: str, body: str
) -> PullRequest:
    """Open the pull request of `branch`, or return the one that opened in the meantime."""
    try:
        return hosted.create_pull(title=title, body=body, head=branch, base=base_branch)
    except GithubException as error:
        found = pull_request_find(hosted, branch) if _says(error, "already exists") else None
        if found is None:
            raise
        return found


def pull_request_find(hosted: Repository, branch: str) -> PullRequest | None:
    """Return the pull request of `branch`: an open one first, else the newest.

    GitHub ignores a `head` that it cannot read and lists everything, so that each is compared again.
    """
    owner = hosted.full_name.partition("/")[0]
    found = [
        pull
        for pull in hosted.get_pulls(state="all", head=f"{owner}:{branch}")
        if pull.head.ref == branch and pull.head.repo is not None and pull.head.repo.full_name == hosted.full_name
    ]
    return next((pull for pull in found if pull.state == "open"), found[0] if found else None)


def people_invite(pull: PullRequest, *, labels: Sequence[str], reviewers: Sequence[str]) -> None:
    """Add what is missing of labels and requested reviewers; reviewers that GitHub refuses are logged.

    A reviewer is a login or organisation/team, with or without an @ before it. One that has an address instead, as
    CODEOWNERS may, has no name to ask by; a team of another organisation is left out as well.
    """
    wanted = sorted(set(labels) - {label.name for label in pull.labels})
    if wanted:
        pull.add_to_labels(*wanted)
    names = [name.removeprefix("@") for name in reviewers]
    users = {name for name in names if "/" not in name and "@" not in name}
    owner = pull.base.repo.full_name.partition("/")[0].lower()
    teams = {name.partition("/")[2] for name in names if name.lower().startswith(f"{owner}/")}
    users -= {user.login for user in pull.requested_reviewers}
    teams -= {team.slug for team in pull.requested_teams}
    if (users or teams) and not _asked(pull, users=users, teams=teams) and len(users) + len(teams) > 1:
        # GitHub refuses all of them for one that is no collaborator.
        for name in sorted(users):
            _asked(pull, users={name}, teams=set())
        for slug in sorted(teams):
            _asked(pull, users=set(), teams={slug})


def _asked(pull: PullRequest, *, users: Set[str], teams: Set[str]) -> bool:
    """Request these reviews and return whether GitHub took them; the pull request is there without them too."""
    try:
        pull.create_review_request(
            reviewers=sorted(users) or GithubObject.NotSet, team_reviewers=sorted(teams) or GithubObject.NotSet
        )
    except GithubException as error:
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        names = sorted({*users, *teams})
        logger.warning("github.reviewers_refused", pull_request=pull.html_url, reviewers=names, said=said(error))
        return False
    return True


def _commit(
    hosted: Repository,
    *,
    git_dir: Path,
    base_commit: str,
    files: Mapping[str, str | None],
    tree: str,
    message: str,
) -> str:
    parent = hosted.get_git_commit(base_commit)
    modes = modes_of(git_dir, base_commit, files)
    elements = [
        InputGitTreeElement(path, modes.get(path, FILE), "blob", sha=None)
        if content is None
        else InputGitTreeElement(path, modes.get(path, FILE), "blob", content=content)
        for path, content in files.items()
    ]
    written = hosted.create_git_tree(elements, base_tree=parent.tree)
    if written.sha != tree:
        raise CodeHostError(
            f"GitHub stored the files as tree {written.sha}, but the bytes that were tried are tree {tree}. "
            "Nothing was opened; open the pull request by hand from the incident's diff."
        )
    _blobs_verify(hosted, git_dir=git_dir, tree=tree, files=files)
    return hosted.create_git_commit(message, written, [parent]).sha


def _blobs_verify(hosted: Repository, *, git_dir: Path, tree: str, files: Mapping[str, str | None]) -> None:
    """Raise CodeHostError unless GitHub hands out the bytes that were tried: by sha256, not only by id."""
    tried = Patch({path: content for path, content in files.items() if content is not None})
    stored = {}
    for path in tried.files:
        sha = git_text("rev-parse", f"{tree}:{path}", directory=git_dir)
        stored[path] = base64.b64decode(hosted.get_git_blob(sha).content).decode(errors="replace")
    if Patch(stored).sha256 != tried.sha256:
        raise CodeHostError(
            "GitHub hands out other bytes than those that were tried. Nothing was opened; look at the repository."
        )


def _head_of(hosted: Repository, branch: str) -> str | None:
    try:
        return hosted.get_git_ref(f"heads/{branch}").object.sha
    except UnknownObjectException:
        return None


def _says(error: GithubException, words: str) -> bool:
    return error.status == HTTPStatus.UNPROCESSABLE_ENTITY and words in said(error)
