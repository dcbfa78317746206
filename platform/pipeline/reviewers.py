"""Who should look at a fix: the owners of its paths, and who wrote the lines that it changes."""

import re
from collections import Counter
from functools import lru_cache

import structlog
from unidiff.patch import PatchSet

from core.errors import PlatformError
from incidents.models import Fix
from integrations.codehost import Checkout, CodeHost
from integrations.git import git_text
from pipeline.code_owners import owners_of_paths

logger = structlog.get_logger(__name__)

MOST_AUTHORS = 2
_BLAMED = re.compile(r"^([0-9a-f]{40}) \d+ \d+", re.MULTILINE)


def reviewers_of(fix: Fix, host: CodeHost) -> list[str]:
    """Return the service's owners, CODEOWNERS of the changed paths and the logins of the lines' authors.

    Authors that cannot be found out are left out: the pull request does not wait for them.
    """
    service = fix.incident.service
    checkout = host.checkout(service.repository, fix.base_commit)
    owners = [*service.owners, *owners_of_paths(checkout.path, sorted(fix.files))]
    try:
        authors = host.logins(service.repository, blamed_commits(fix.diff, checkout)[:MOST_AUTHORS])
    except PlatformError as error:
        logger.warning("reviewers.authors_not_known", fix=str(fix), error=str(error))
        authors = []
    return list(dict.fromkeys([*owners, *authors]))


def blamed_commits(diff: str, checkout: Checkout) -> list[str]:
    """Return the commits that last touched the lines which `diff` changes, those with most lines first."""
    found: Counter[str] = Counter()
    for file in PatchSet(diff):
        if file.is_added_file:
            continue
        for hunk in file:
            lines = f"{hunk.source_start},{hunk.source_start + max(hunk.source_length, 1) - 1}"
            found.update(_blamed(checkout, file.path, lines))
    return [commit for commit, _ in found.most_common()]


# Of one commit the answer is always the same, and incidents with one cause touch the same lines.
@lru_cache(maxsize=256)
def _blamed(checkout: Checkout, path: str, lines: str) -> tuple[str, ...]:
    """Return the commit that last touched each of these lines ("first,last")."""
    words = ("blame", "--line-porcelain", "-L", lines, checkout.commit, "--", path)
    return tuple(_BLAMED.findall(git_text(*words, directory=checkout.git_dir)))
