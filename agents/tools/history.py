"""Read the history that led to the deployed commit."""

import re
from functools import lru_cache
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.runtime.contract import ToolFailed, ToolRetry
from agents.tools.repository import git_read, plain_argument
from agents.tools.secret_paths import is_secret_path
from integrations.codehost import Checkout

MAX_DIFF_CHARACTERS = 24_000
MAX_KNOWN_COMMITS = 20_000
MAX_BLAMED_LINES = 120

_HASH = re.compile(r"[0-9a-f]{7,64}")


class GitLogArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str = Field(default="", description="File or folder; empty for the whole repository.")
    limit: int = Field(default=15, ge=1, le=50)


class GitLog:
    """Newest commits first, each on one line."""

    name: ClassVar[str] = "git_log"
    description: ClassVar[str] = (
        "List the newest commits up to the deployed one that touched a path: hash, date, author, subject."
    )
    arguments: type[BaseModel] = GitLogArguments

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def run(self, arguments: GitLogArguments) -> str:
        """Return one line for each commit."""
        path = plain_argument(arguments.path, what="the path").strip("/")
        command = ["log", f"--max-count={arguments.limit}", "--format=%H %aI %an: %s", self._checkout.commit]
        answer = git_read(self._checkout, command, paths=[path] if path else [])
        if answer.exit_code != 0:
            raise ToolFailed(f"git log failed: {answer.error}")
        return answer.text.strip() or f"No commit up to {self._checkout.commit[:12]} touched {path!r}."


class GitShowArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    commit: str = Field(description="Hash of a commit, at least its first 7 digits.")
    path: str = Field(default="", description="Show only this file or folder.")


class GitShow:
    """The message and the diff of a commit of the deployed history; a merge against its first parent."""

    name: ClassVar[str] = "git_show"
    description: ClassVar[str] = (
        "Show a commit of the deployed history: author, date, message and diff (at most 24,000 characters)."
    )
    arguments: type[BaseModel] = GitShowArguments

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def run(self, arguments: GitShowArguments) -> str:
        """Return message and diff. Raises ToolRetry for a hash outside the deployed history."""
        commit = self._reachable(arguments.commit)
        path = plain_argument(arguments.path, what="the path").strip("/")
        header = self._show(commit, ["--no-patch", "--format=commit %H%nauthor %an%ndate %aI%n%n%B"], [])
        changed = self._show(commit, ["--format=", "--name-only", "-z"], [path] if path else []).split("\0")
        shown = [name for name in (entry.strip("\n") for entry in changed) if name and not is_secret_path(name)]
        if not shown:
            return f"{header.strip()}\n\n(no readable file changed{f' under {path}' if path else ''})"
        diff = self._show(commit, ["--format=", "--patch", "--no-color"], shown).strip("\n")
        if len(diff) > MAX_DIFF_CHARACTERS:
            diff = f"{diff[:MAX_DIFF_CHARACTERS]}\n(cut: give a path; files changed: {', '.join(shown[:40])})"
        return f"{header.strip()}\n\n{diff}"

    def _show(self, commit: str, options: list[str], paths: list[str]) -> str:
        command = ["show", "--no-ext-diff", "--no-textconv", "--no-renames", "--diff-merges=first-parent"]
        answer = git_read(self._checkout, [*command, *options, commit], paths=paths)
        if answer.exit_code != 0:
            raise ToolFailed(f"git show failed: {answer.error}")
        return answer.text

    def _reachable(self, commit: str) -> str:
        wanted = commit.strip().lower()
        if not _HASH.fullmatch(wanted):
            raise ToolRetry(f"{commit!r} is not a commit hash: give 7 or more hexadecimal digits from git_log")
        matches = [known for known in reachable_commits(self._checkout) if known.startswith(wanted)]
        if len(matches) != 1:
            found = "is ambiguous" if matches else "is not in the history of the deployed commit"
            raise ToolRetry(f"commit {commit} {found}: take a full hash from git_log")
        return matches[0]


class GitBlameArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, description="Path from the root of the repository.")
    line_start: int = Field(ge=1)
    line_end: int = Field(ge=1)


class GitBlame:
    """Which commit last changed each of some lines."""

    name: ClassVar[str] = "git_blame"
    description: ClassVar[str] = (
        "For lines of a file at the deployed commit: the commit, date and author that last changed each. "
        "At most 120 lines."
    )
    arguments: type[BaseModel] = GitBlameArguments

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def run(self, arguments: GitBlameArguments) -> str:
        """Return one line of source after its commit. Raises ToolRetry for lines that the file does not have."""
        path = plain_argument(arguments.path, what="the path").strip("/")
        first, last = arguments.line_start, arguments.line_end
        if is_secret_path(path):
            raise ToolRetry(f"{path} may hold credentials and is not shown to agents")
        if not first <= last < first + MAX_BLAMED_LINES:
            raise ToolRetry(f"line_end must be line_start or after it, by less than {MAX_BLAMED_LINES}")
        command = ["blame", "--date=iso-strict", "-l", f"-L{first},{last}", self._checkout.commit]
        answer = git_read(self._checkout, command, paths=[path])
        if answer.exit_code != 0:
            raise ToolRetry(f"git blame has no lines {first}-{last} of {path}: {answer.error}")
        return answer.text.rstrip("\n")


@lru_cache(maxsize=16)
def reachable_commits(checkout: Checkout) -> frozenset[str]:
    """Return the newest MAX_KNOWN_COMMITS hashes that led to the deployed commit, itself included.

    Raises ToolFailed.
    """
    command = ["rev-list", f"--max-count={MAX_KNOWN_COMMITS}", checkout.commit]
    answer = git_read(checkout, command, max_bytes=MAX_KNOWN_COMMITS * 66)
    if answer.exit_code != 0:
        raise ToolFailed(f"cannot read the history of {checkout.repository}: {answer.error}")
    return frozenset(answer.text.split())
