"""Say whether a name is defined in the repository, and where."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.grounding.kept import index_for
from integrations.codehost import Checkout

MAX_DEFINITIONS = 20


class VerifySymbolArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1, max_length=200, description="As written in the source; Class.method for methods."
    )


class VerifySymbol:
    """The same index that the guard checks the answer with."""

    name: ClassVar[str] = "verify_symbol_in_repo"
    description: ClassVar[str] = (
        "Look a function, class, method or variable up at the deployed commit. "
        "Returns `path:line kind name` for each definition, or that there is none, with names that are near."
    )
    arguments: type[BaseModel] = VerifySymbolArguments

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def run(self, arguments: VerifySymbolArguments) -> str:
        """Return one definition a line."""
        index = index_for(self._checkout)
        name = arguments.name.strip().strip("`").removesuffix("()")
        definitions = index.lookup(name)
        if not definitions:
            near = index.near(name)
            hint = f" Near: {', '.join(near)}." if near else ""
            return f"{name} is not defined anywhere in this repository.{hint}"
        shown = [f"{found.path}:{found.line_start} {found.kind} {found.qualified_name}" for found in definitions]
        if len(shown) > MAX_DEFINITIONS:
            shown = [*shown[:MAX_DEFINITIONS], f"(and {len(shown) - MAX_DEFINITIONS} more)"]
        return "\n".join(shown)
