"""Who wrote what people made of a fix, as far as the host and git know: a name at the host, else an address."""

from collections.abc import Sequence
from pathlib import Path

from django.contrib.auth.models import User
from django.db.models import Q

from integrations.codehost import CodeHost, CodeHostError
from integrations.git import git_text
from integrations.git_refs import commit_of


def author_of(host: CodeHost, *, repository: str, git_dir: Path, commits: Sequence[str]) -> str:
    """Return who wrote the newest of `commits` (newest first): their login, else the commit's e-mail address.

    Raises Unavailable; a host that refuses to say leaves what git says.
    """
    if not commits:
        return ""
    try:
        logins = host.logins(repository, commits[:1])
    except CodeHostError:
        logins = []
    return logins[0] if logins else git_text("log", "-1", "--format=%ae", commits[0], directory=git_dir)


def commits_by_people(git_dir: Path, *, merge: str, ours: str, before: str) -> list[str]:
    """Return what `merge` brought besides our commit `ours`, newest first; merges of branches left out."""
    # After a squash our commit is in no branch any more, and the mirror may not have it.
    known = [f"^{commit}" for commit in (before, ours) if commit_of(git_dir, commit)]
    return git_text("rev-list", "--no-merges", merge, *known, directory=git_dir).split()


def account_of(author: str) -> User | None:
    """Return the one active account with this user name or e-mail address, or None."""
    if not author:
        return None
    same = User.objects.filter(Q(username__iexact=author) | Q(email__iexact=author), is_active=True)
    found = list(same[:2])
    return found[0] if len(found) == 1 else None
