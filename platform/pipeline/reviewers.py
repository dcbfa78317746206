"""Who should look at a fix: the owners of its paths, and who wrote the lines that it changes."""

import re
from collections import Counter

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
            blame = git_text(
                *("blame", "--line-porcelain", "-L", lines, checkout.commit, "--", file.path),
                directory=checkout.git_dir,
            )
            found.update(_BLAMED.findall(blame))
    return [commit for commit, _ in found.most_common()]
