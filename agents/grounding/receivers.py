"""What is called on receivers of which the type is not known: by their name, as the repository uses it."""

from collections import defaultdict
from functools import cached_property

from agents.grounding.index import SymbolIndex
from agents.grounding.runtime import runtime_of
from agents.grounding.symbols import Call


class Receivers:
    """`base` is the repository before a change, `patched` after it."""

    def __init__(self, base: SymbolIndex, patched: SymbolIndex) -> None:
        self._base, self._patched = base, patched

    def lack(self, call: Call) -> bool:
        """Return whether the call is of a method that its receiver cannot have.

        Where everything that is called on `orders` is a method of the repository, `orders.findAll()` is made up if
        neither the repository nor the runtime knows it. A private name is made up wherever nothing has it.
        """
        if self._is_known(call.name):
            return False
        called = self._called.get(call.owner, set())
        is_own_object = bool(called) and called <= self._own_methods
        return is_own_object or call.name.startswith("_")

    def _is_known(self, name: str) -> bool:
        is_defined = bool(self._patched.lookup(name)) or self._base.is_member_name(name)
        return is_defined or any(name in runtime_of(language).names for language in self._patched.languages)

    @cached_property
    def _called(self) -> dict[str, set[str]]:
        called: dict[str, set[str]] = defaultdict(set)
        for symbols in self._base.files.values():
            for call in symbols.calls:
                if call.owner and call.owner not in ("this", "self", "cls"):
                    called[call.owner].add(call.name)
        return called

    @cached_property
    def _own_methods(self) -> set[str]:
        return {
            definition.name
            for symbols in self._base.files.values()
            for definition in symbols.definitions
            if definition.kind in ("method", "function")
        }
