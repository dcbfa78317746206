"""Who owns a repository, from its CODEOWNERS file.

Places and order: docs.github.com, "About code owners": .github/, the root, docs/.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def owners_of(checkout: Path) -> list[str]:
    """Return every owner that the first CODEOWNERS file names, in order, without duplicates."""
    return list(dict.fromkeys(owner for _, owners in _rules(checkout) for owner in owners))


def owners_of_paths(checkout: Path, paths: Sequence[str]) -> list[str]:
    """Return the owners of these paths: for each, those of the last rule that fits, which may be nobody."""
    rules = [(_pattern(pattern), owners) for pattern, owners in _rules(checkout)]
    found: dict[str, None] = {}
    for path in paths:
        fitting = [owners for pattern, owners in rules if pattern.search(path)]
        found.update(dict.fromkeys(fitting[-1] if fitting else []))
    return list(found)


def _rules(checkout: Path) -> Iterator[tuple[str, list[str]]]:
    for place in PLACES:
        file = checkout / place
        if file.is_file():
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                words = line.split("#", 1)[0].split()
                if words:
                    yield words[0], words[1:]
            return


def _pattern(rule: str) -> re.Pattern[str]:
    """Return a rule as a regular expression: .gitignore's language without `!` and `[ ]`, as GitHub reads it."""
    is_anchored = "/" in rule.rstrip("/")
    translated = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", rule.strip("/"))
    body = "".join(translated.get(part, re.escape(part)) for part in parts)
    # `docs/*` owns files right there and none further down; every other rule owns what is below it.
    end = "$" if rule.endswith("/*") else "/" if rule.endswith("/") else "(?:/|$)"
    return re.compile(("^" if is_anchored else "(?:^|/)") + body + end)
