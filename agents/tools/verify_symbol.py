"""Say whether a name is defined in the repository, and where."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.grounding.kept import index_for
from agents.tools.hosted_search import HostedSearch
from integrations.codehost import Checkout

MAX_DEFINITIONS = 20


class VerifySymbolArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1, max_length=200, description="As written in the source; Class.method for methods."
    )


class VerifySymbol:
    """The same index that the guard checks the answer with: it decides, a search of the host only adds to it."""

    name: ClassVar[str] = "verify_symbol_in_repo"
    description: ClassVar[str] = (
        "Look a function, class, method or variable up at the deployed commit. "
        "Returns `path:line kind name` for each definition, or that there is none, with names that are near, "
        "and says which source answered."
    )
    arguments: type[BaseModel] = VerifySymbolArguments

    def __init__(self, checkout: Checkout, hosted: HostedSearch | None = None) -> None:
        """`hosted` also asks the code host, which knows the default branch only."""
        self._checkout = checkout
        self._hosted = hosted

    def run(self, arguments: VerifySymbolArguments) -> str:
        """Return one definition a line."""
        index = index_for(self._checkout)
        name = arguments.name.strip().strip("`").removesuffix("()")
        definitions = index.lookup(name)
        if not definitions:
            near = index.near(name)
            hint = f" Near: {', '.join(near)}." if near else ""
            missing = f"{name} is not defined anywhere in this repository.{hint}"
            return "\n".join(filter(None, [missing, self._also(name)]))
        shown = [f"{found.path}:{found.line_start} {found.kind} {found.qualified_name}" for found in definitions]
        if len(shown) > MAX_DEFINITIONS:
            shown = [*shown[:MAX_DEFINITIONS], f"(and {len(shown) - MAX_DEFINITIONS} more)"]
        return "\n".join([f"Index at the deployed commit {self._checkout.commit[:12]}:", *shown])

    def _also(self, name: str) -> str:
        """Return what the host's search says of a name that the deployed commit does not have."""
        if self._hosted is None:
            return ""
        answer = self._hosted.paths_with(name, repository=self._checkout.repository)
        if answer.paths:
            return (
                f"{answer.source} finds the word in {', '.join(answer.paths[:5])} of the default branch, which "
                "may be another state than the deployed one: it does not exist for this incident."
            )
        return f"{answer.source}: {answer.note}" if answer.note else f"{answer.source} finds it nowhere either."
