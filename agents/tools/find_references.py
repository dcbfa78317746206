"""Where a function, class or method is used."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.grounding.call_graph import CallGraph, Reference
from agents.grounding.kept import index_for
from agents.runtime.contract import ToolRetry
from integrations.codehost import Checkout

MAX_REFERENCES = 60


class FindReferencesArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="As defined; Class.method for methods.")
    path: str = Field(default="", description="The file that defines it, where several do.")


class FindReferences:
    """The call graph of the symbol index, imports under other names included."""

    name: ClassVar[str] = "find_references"
    description: ClassVar[str] = (
        "List who calls or imports a definition of the repository: `path:line in function`. "
        "`possible` marks a method call by name on a receiver that is not known. At most 60."
    )
    arguments: type[BaseModel] = FindReferencesArguments

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout

    def run(self, arguments: FindReferencesArguments) -> str:
        """Return one reference a line. Raises ToolRetry for a name that is not defined."""
        index = index_for(self._checkout)
        name = arguments.name.strip().strip("`").removesuffix("()")
        definitions = [found for found in index.lookup(name) if arguments.path in ("", found.path)]
        if not definitions:
            near = ", ".join(index.near(name)) or "none"
            raise ToolRetry(f"{name} is not defined in {arguments.path or 'the repository'}; near: {near}")
        graph = CallGraph(index)
        parts = []
        for definition in definitions:
            found = graph.references_to(definition)
            lines = [
                f"{each.path}:{each.line} in {_function(each)} ({each.how})" for each in found[:MAX_REFERENCES]
            ]
            if len(found) > MAX_REFERENCES:
                lines.append(f"(and {len(found) - MAX_REFERENCES} more)")
            place = f"{definition.path}:{definition.line_start} {definition.qualified_name}"
            parts.append("\n".join([f"{place}, {len(found)} references", *lines]))
        return "\n\n".join(parts)


def _function(reference: Reference) -> str:
    return reference.inside.qualified_name if reference.inside else "the module"
