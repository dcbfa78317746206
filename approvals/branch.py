"""What a fix's files look like on the default branch now: an approval holds for that and nothing else."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from core.patch import checked_path
from incidents.models import Service
from integrations.codehosts import code_host


def files_on_branch(*, service: Service, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the sha256 of each path at the head of the service's default branch; None where there is no file.

    Raises CodeHostError, Unavailable and UnsafePath.
    """
    host = code_host()
    head = host.resolve(service.repository, service.default_branch)
    return digests(host.checkout(service.repository, head).path, paths)


def files_at_base(*, service: Service, commit: str, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the same of the commit that a fix was tried on."""
    return digests(code_host().checkout(service.repository, commit).path, paths)


def digests(root: Path, paths: Iterable[str]) -> dict[str, str | None]:
    """Return the sha256 of each path below `root`."""
    return {path: _digest(root / checked_path(path)) for path in paths}


def _digest(file: Path) -> str | None:
    if file.is_symlink():
        return hashlib.sha256(b"link " + str(file.readlink()).encode()).hexdigest()
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
