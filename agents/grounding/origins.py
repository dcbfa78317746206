"""Follow a name from the file that uses it to the place that defines it."""

from collections.abc import Mapping

from agents.grounding.modules import Modules
from agents.grounding.symbols import Definition, FileSymbols, Import


class Origins:
    """Over all files of a repository, which are not changed any more."""

    def __init__(self, files: Mapping[str, FileSymbols], modules: Modules) -> None:
        self._files, self._modules = files, modules
        self._top_level: dict[tuple[str, str], Definition] = {}
        for symbols in files.values():
            for found in symbols.definitions:
                if found.kind != "callback":
                    self._top_level.setdefault((symbols.path, found.qualified_name), found)

    def of(self, path: str, name: str) -> Definition | str | None:
        """Return the definition or the module's path that a name of the file leads to, or None."""
        return self._follow(path, name, frozenset())

    def _follow(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Definition | str | None:
        symbols = self._files.get(path)
        if symbols is None or (path, name) in seen:
            return None
        seen |= {(path, name)}
        local = symbols.exports.default if name == "default" else name
        if found := self._top_level.get((path, local)):
            return found
        for item in symbols.imports:
            if local and local in (item.whole, item.default):
                return self._whole(item, path, is_default=local != item.whole, seen=seen)
            for given in item.names:
                if local and local == given.local and not given.imported:
                    # `import a.b` binds `a`.
                    return self._resolve(Import(local, item.line), path)
                if local and local in (given.local, given.exported):
                    return self._given(item, given.imported, path, seen)
        for module in symbols.exports.star_from:
            target = self._resolve(Import(module, 0), path)
            if target is not None and (found_there := self._follow(target, name, seen)):
                return found_there
        return None

    def _resolve(self, item: Import, importer: str) -> str | None:
        """Return the indexed file that an import means; a stylesheet or a dependency is none."""
        is_javascript = self._files[importer].language == "javascript"
        resolve = self._modules.javascript if is_javascript else self._modules.python
        target = resolve(item.module, importer=importer)
        return target if target in self._files else None

    def _whole(
        self, item: Import, importer: str, *, is_default: bool, seen: frozenset[tuple[str, str]]
    ) -> Definition | str | None:
        target = self._resolve(item, importer)
        if target is None or not is_default or self._files[target].exports.is_commonjs:
            return target
        return self._follow(target, "default", seen)

    def _given(
        self, item: Import, name: str, importer: str, seen: frozenset[tuple[str, str]]
    ) -> Definition | str | None:
        target = self._resolve(item, importer)
        named = None if target is None or name == "*" else self._follow(target, name, seen)
        # In Python a package's own attribute comes before the module of that name in its folder.
        if named is None and self._files[importer].language == "python":
            dotted = f"{item.module}{name}" if item.module.endswith(".") else f"{item.module}.{name}"
            submodule = self._modules.python(dotted, importer=importer)
            if submodule is not None and submodule in self._files:
                return submodule
        return target if name == "*" else named
