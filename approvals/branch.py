"""What a fix's files look like on the default branch now: an approval holds for that and nothing else."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from incidents.models import Fix
from integrations.codehost import CommittedFile
from integrations.codehosts import code_host


def files_on_branch(fix: Fix) -> dict[str, str | None]:
    """Return the sha256 of each file of `fix` at the head of the default branch; None where there is no file.

    Each call asks the code host: a decision reads this once and hands it on, so that all of it is about one head.
    Raises CodeHostError, Unavailable and UnsafePath.
    """
    service = fix.incident.service
    head = code_host().resolve(service.repository, service.default_branch)
    return files_at(repository=service.repository, commit=head, paths=sorted(fix.files))


def files_at(*, repository: str, commit: str, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the same of a commit, such as the one that a fix was tried on."""
    return dict(_digests(repository, commit, tuple(paths)))


# Of a commit, which never changes; a gate asks about the same one several times.
@lru_cache(maxsize=1024)
def _digests(repository: str, commit: str, paths: tuple[str, ...]) -> dict[str, str | None]:
    return {path: _digest(file) for path, file in code_host().files(repository, commit, paths).items()}


def _digest(file: CommittedFile | None) -> str | None:
    if file is None:
        return None
    return hashlib.sha256(b"link " + file.content if file.is_link else file.content).hexdigest()
