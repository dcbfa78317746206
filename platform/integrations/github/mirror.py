"""A bare copy of a GitHub repository on this machine: history and sources come from here, fetched when missing."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import Unavailable
from integrations.codehost import CodeHostError
from integrations.git import NETWORK_SECONDS, GitFailed, checked_repository, git, repository_create
from integrations.git_checkout import locked
from integrations.git_refs import has_commit

# What git says when the server refused, not when it could not be reached (git's remote-curl.c and http.c).
REFUSALS = ("Authentication failed", "not found", "could not read Username", "returned error: 403", "not our ref")

# Each fetch brings a pack; from so many on they are put together (git-repack(1), --geometric).
MOST_PACKS = 20


@dataclass(frozen=True)
class Remote:
    """Where to fetch from; the token goes to this server only."""

    url: str
    token: str


def mirror_with(*, mirrors: Path, repository: str, commit: str, remote: Callable[[], Remote]) -> Path:
    """Return the bare repository under `mirrors` after making sure that it holds `commit`.

    Raises CodeHostError if GitHub refuses or has no such commit, Unavailable if it cannot be reached.
    """
    git_dir = mirrors / f"{checked_repository(repository)}.git"
    if git_dir.is_dir() and has_commit(git_dir, commit):
        return git_dir
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    with locked(git_dir.with_suffix(".lock")):
        repository_create(git_dir)
        if not has_commit(git_dir, commit):
            _fetch(git_dir, remote(), "+refs/heads/*:refs/heads/*")
        if not has_commit(git_dir, commit):
            _fetch(git_dir, remote(), commit)  # on no branch any more: a force push, or a deleted branch
    return git_dir


def _fetch(git_dir: Path, remote: Remote, what: str) -> None:
    parts = urlsplit(remote.url)
    configuration = {
        "protocol.allow": "never",
        f"protocol.{parts.scheme or 'file'}.allow": "always",
        # A pack is there as a whole or not at all. Unpacked, a commit would be there before its files: for those
        # who look while we fetch, and for good if we are killed meanwhile.
        "fetch.unpackLimit": "1",
    }
    if parts.scheme == "https":
        credentials = base64.b64encode(f"x-access-token:{remote.token}".encode()).decode()
        server = f"{parts.scheme}://{parts.netloc}/"
        configuration[f"http.{server}.extraHeader"] = f"Authorization: Basic {credentials}"
    try:
        git(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote.url, what),
            directory=git_dir,
            configuration=configuration,
            timeout_seconds=NETWORK_SECONDS,
        )
        # A repack that fails parks the incident like a fetch that does: the next try finds the commit and goes on.
        if sum(1 for _ in git_dir.glob("objects/pack/*.pack")) > MOST_PACKS:
            git("repack", "--geometric=2", "-d", "--quiet", directory=git_dir, timeout_seconds=NETWORK_SECONDS)
    except GitFailed as error:
        if any(refusal in str(error) for refusal in REFUSALS):
            raise CodeHostError(
                f"GitHub refuses to hand out {what} of {remote.url}: {error}. "
                "Check that the token or App may read its contents and that the commit was pushed."
            ) from error
        raise Unavailable("github", f"{remote.url} cannot be fetched: {error}") from error
    except Unavailable as error:
        raise Unavailable("github", f"{remote.url} cannot be fetched: {error}") from error
