"""Read lines of a file at the deployed commit."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.runtime.contract import ToolRetry
from agents.tools.repository import near_paths, repository_root, tracked_files
from agents.tools.secret_paths import is_secret_path
from agents.tools.sources import MissingSource, UnreadableSource, read_source
from core.patch import UnsafePath
from integrations.codehost import Checkout

MAX_LINES = 400
MAX_LINE_CHARACTERS = 500
MAX_CHARACTERS = 28_000


class ReadFileArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, description="Path from the root of the repository.")
    line_start: int = Field(default=1, ge=1)
    line_end: int | None = Field(default=None, ge=1, description="Last line; empty for as many as can be shown.")


class ReadFile:
    """Lines with their numbers, so that they can be cited."""

    name: ClassVar[str] = "read_file"
    description: ClassVar[str] = (
        "Read a file at the deployed commit, each line after its number. At most 400 lines a call: "
        "give line_start and line_end for the rest."
    )
    arguments: type[BaseModel] = ReadFileArguments

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def run(self, arguments: ReadFileArguments) -> str:
        """Return numbered lines. Raises ToolRetry with near paths for an unknown path."""
        lines = _split_lines(self._text(arguments.path))
        first = arguments.line_start
        if first > max(len(lines), 1):
            raise ToolRetry(f"{arguments.path} has {len(lines)} lines; line_start {first} is after its end")
        if arguments.line_end is not None and arguments.line_end < first:
            raise ToolRetry(f"line_end {arguments.line_end} is before line_start {first}")
        last = min(arguments.line_end or len(lines), len(lines), first + MAX_LINES - 1)
        numbered: list[str] = []
        size = 0
        for number, line in enumerate(lines[first - 1 : last], start=first):
            numbered.append(f"{number:5d}  {line[:MAX_LINE_CHARACTERS]}")
            size += len(numbered[-1]) + 1
            if size > MAX_CHARACTERS:
                break
        return "\n".join(
            [f"{arguments.path}, lines {first}-{first + len(numbered) - 1} of {len(lines)}", *numbered]
        )

    def _text(self, path: str) -> str:
        if is_secret_path(path):
            raise ToolRetry(f"{path} may hold credentials and is not shown to agents")
        try:
            return read_source(repository_root(self._checkout), path)
        except MissingSource as error:
            near = near_paths(path, tracked_files(self._checkout))
            hint = f"; did you mean {', '.join(near)}?" if near else "; use search_code to find the file"
            raise ToolRetry(f"{error}{hint}") from error
        except (UnreadableSource, UnsafePath) as error:
            raise ToolRetry(str(error)) from error


def _split_lines(text: str) -> list[str]:
    """Return the lines as editors and compilers number them: only a line feed ends one."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
