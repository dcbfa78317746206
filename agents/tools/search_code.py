"""Search the sources at the deployed commit."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.runtime.contract import ToolRetry
from agents.tools.repository import git_read, plain_argument
from agents.tools.secret_paths import is_secret_path
from integrations.codehost import Checkout

Suggest = Callable[[str], Sequence[str]]

MAX_RESULTS = 60
MAX_RESULTS_PER_FILE = 20
MAX_LINE_CHARACTERS = 240


class SearchCodeArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pattern: str = Field(min_length=2, max_length=200, description="Text of one line, matched exactly.")
    by_meaning: bool = Field(
        default=False,
        description="Read the pattern as words that describe the code: places that read alike come back.",
    )
    is_regex: bool = Field(default=False, description="Read the pattern as a POSIX extended regular expression.")
    ignore_case: bool = False
    path: str = Field(default="", description="Folder or file to search in; empty for the whole repository.")


class SearchCode:
    """`git grep` in the bare repository, so that nothing untracked is ever searched."""

    name: ClassVar[str] = "search_code"
    description: ClassVar[str] = (
        "Search every tracked file at the deployed commit for a text or a regular expression. "
        "Returns `path:line: text`, at most 60 lines and 20 for each file. With by_meaning, or where nothing "
        "matches, suggests places whose code reads like the pattern: read them before you believe it."
    )
    arguments: type[BaseModel] = SearchCodeArguments

    def __init__(self, checkout: Checkout, suggest: Suggest = lambda _words: []) -> None:
        """`suggest` returns places that read like some words, best first."""
        self._checkout = checkout
        self._suggest = suggest

    def run(self, arguments: SearchCodeArguments) -> str:
        """Return matching lines. Raises ToolRetry for a pattern or path that cannot be searched."""
        if arguments.by_meaning:
            return self._suggested(arguments.pattern) or f"Nothing reads like {arguments.pattern!r}."
        if "\n" in arguments.pattern or "\0" in arguments.pattern:
            raise ToolRetry("the pattern must be a part of one line: search for one line of it")
        path = plain_argument(arguments.path, what="the path").strip("/")
        command = ["grep", "-n", "-I", "-z", "--no-color", "--full-name", f"--max-count={MAX_RESULTS_PER_FILE}"]
        command.append("-E" if arguments.is_regex else "-F")
        if arguments.ignore_case:
            command.append("-i")
        command += ["-e", arguments.pattern, self._checkout.commit]
        answer = git_read(self._checkout, command, paths=[path] if path else [])
        if answer.exit_code not in (0, 1):
            raise ToolRetry(f"git grep refused the pattern {arguments.pattern!r}: {answer.error}")
        matches = [match for match in map(self._match, answer.text.split("\n")) if match]
        if not matches:
            nothing = f"No line matches {arguments.pattern!r} in {path or 'the repository'}."
            return "\n".join(filter(None, [nothing, self._suggested(arguments.pattern)]))
        shown = matches[:MAX_RESULTS]
        if len(matches) > MAX_RESULTS or answer.is_cut:
            shown.append(f"(only the first {MAX_RESULTS} matches are shown: narrow the pattern or give a path)")
        return "\n".join(shown)

    def _suggested(self, words: str) -> str:
        found = self._suggest(words)
        return "\n".join(["Code that reads like it (hints, no proof):", *found]) if found else ""

    def _match(self, line: str) -> str:
        """Return `path:line: text` of one line of `git grep -z`, or "" for a file that is not shown."""
        name, _, rest = line.partition("\0")
        number, _, text = rest.partition("\0")
        path = name.removeprefix(f"{self._checkout.commit}:")
        if not number or is_secret_path(path):
            return ""
        return f"{path}:{number}: {text.strip()[:MAX_LINE_CHARACTERS]}"
