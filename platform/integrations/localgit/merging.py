"""A merge commit made in an object store without a work tree, found again if its branch already moved."""

from datetime import datetime
from pathlib import Path

from integrations.codehost import CodeHostError
from integrations.git import GitFailed, git, git_text
from integrations.git_commits import commit_write
from integrations.git_refs import commit_of

ATTEMPTS = 5


def branch_merge(git_dir: Path, *, branch: str, head: str, message: str, name: str, at: datetime) -> str:
    """Merge the commit `head` into `branch` and return the merge commit; an earlier one is returned again.

    Raises CodeHostError for a conflict, a missing branch, and a branch that moves faster than we merge.
    """
    for _ in range(ATTEMPTS):
        base = commit_of(git_dir, f"refs/heads/{branch}")
        if base is None:
            raise CodeHostError(f"the branch {branch} does not exist. Create it, or change the base branch.")
        if earlier := _earlier_merge(git_dir, base, head):
            return earlier
        merge = commit_write(
            git_dir,
            tree=_merged_tree(git_dir, base, head, branch),
            parents=[base, head],
            message=message,
            name=name,
            email="noreply@agent-platform.invalid",
            at=at,
        )
        try:
            git("update-ref", f"refs/heads/{branch}", merge, base, directory=git_dir)
        except GitFailed:
            continue  # someone else moved the branch since we read it
        return merge
    raise CodeHostError(f"the branch {branch} kept moving during {ATTEMPTS} attempts to merge. Try again.")


def _merged_tree(git_dir: Path, base: str, head: str, branch: str) -> str:
    try:
        return git_text(
            "merge-tree", "--write-tree", "--no-messages", "--name-only", base, head, directory=git_dir
        )
    except GitFailed as error:
        if error.status == 1:  # git-merge-tree(1): the merge has conflicts
            raise CodeHostError(
                f"{head[:10]} conflicts with {branch} at {base[:10]}. "
                "Resolve it by hand, or close the pull request."
            ) from error
        raise


def _earlier_merge(git_dir: Path, base: str, head: str) -> str:
    lines = git_text("rev-list", "--merges", "--parents", base, f"^{head}", directory=git_dir).splitlines()
    return next((commit for commit, *parents in map(str.split, lines) if parents[1:] == [head]), "")
