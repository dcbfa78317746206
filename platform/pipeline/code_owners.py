"""Who owns a repository, from its CODEOWNERS file.

Places and order: docs.github.com, "About code owners": .github/, the root, docs/.
"""

from pathlib import Path

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def owners_of(checkout: Path) -> list[str]:
    """Return every owner that the first CODEOWNERS file names, in order, without duplicates."""
    for place in PLACES:
        file = checkout / place
        if file.is_file():
            lines = (
                line.split("#", 1)[0] for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
            )
            return list(dict.fromkeys(owner for line in lines for owner in line.split()[1:]))
    return []
