"""Find the file of the repository that an import names."""

import json
import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

_SUFFIXES = (
    ".js",
    ".mjs",
    ".cjs",
    ".jsx",
    ".ts",
    ".mts",
    ".cts",
    ".tsx",
    ".d.ts",
    ".json",
    ".node",
    ".vue",
    ".svelte",
)
# TypeScript's ES modules are imported by the name of the file that they compile to.
_COMPILED_FROM = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_PACKAGE = re.compile(r"^(?:@[^@/\s]+/)?[^@/.\s][^/\s]*")


def package_of(module: str) -> str:
    """Return the npm package that a bare specifier names: `@scope/name/deep` is of `@scope/name`."""
    match = _PACKAGE.match(module.removeprefix("node:"))
    return match[0] if match else module.split("/")[0]


def is_relative(module: str) -> bool:
    return module in (".", "..") or module.startswith(("./", "../", "/"))


class Modules:
    """The files of a repository, as its import statements see them."""

    def __init__(self, paths: Iterable[str], configurations: Mapping[str, str]) -> None:
        """`configurations` are the texts of package.json and tsconfig.json files by path."""
        self._paths = frozenset(paths)
        self._configurations = configurations

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(str(parent) for path in self._paths for parent in PurePosixPath(path).parents)

    def javascript(self, module: str, *, importer: str) -> str | None:
        """Return the path that `module` resolves to from `importer`, or None."""
        plain = module.split("?")[0]
        if is_relative(plain):
            return self._file(posixpath.normpath(posixpath.join(posixpath.dirname(importer), plain)))
        for target in self._aliases(plain):
            if found := self._file(posixpath.normpath(target)):
                return found
        return None

    def _file(self, target: str) -> str | None:
        stem, suffix = posixpath.splitext(target)
        candidates = [target, *(target + ending for ending in _SUFFIXES)]
        candidates += [stem + ending for ending in _COMPILED_FROM.get(suffix, ())]
        main = self._json(posixpath.join(target, "package.json")).get("main")
        if isinstance(main, str):
            entry = posixpath.normpath(posixpath.join(target, main))
            candidates += [entry, *(entry + ending for ending in _SUFFIXES)]
        index = "index" if target == "." else f"{target}/index"
        candidates += [index + ending for ending in _SUFFIXES]
        return next((candidate for candidate in candidates if candidate in self._paths), None)

    def _aliases(self, module: str) -> Iterator[str]:
        """Yield what tsconfig's `paths` and `baseUrl` make of a bare specifier."""
        for path in self._configurations:
            if not posixpath.basename(path).startswith(("tsconfig", "jsconfig")):
                continue
            options = self._json(path).get("compilerOptions")
            if not isinstance(options, dict):
                continue
            base = posixpath.join(posixpath.dirname(path), str(options.get("baseUrl", ".")))
            if "baseUrl" in options:
                yield posixpath.join(base, module)
            patterns = options.get("paths")
            for pattern, targets in patterns.items() if isinstance(patterns, dict) else ():
                before, star, after = pattern.partition("*")
                if module.startswith(before) and module.endswith(after) and (star or module == pattern):
                    middle = module[len(before) : len(module) - len(after)]
                    for target in targets:
                        yield posixpath.join(base, str(target).replace("*", middle))

    def _json(self, path: str) -> dict[str, object]:
        try:
            value = json.loads(_without_json_comments(self._configurations.get(path, "{}")))
        except ValueError:
            return {}  # a configuration that does not parse adds nothing
        return value if isinstance(value, dict) else {}

    def python(self, module: str, *, importer: str) -> str | None:
        """Return the file (or folder, for a namespace package) that a dotted module name means, or None."""
        dots = len(module) - len(module.lstrip("."))
        tail = module.lstrip(".").replace(".", "/")
        if dots:
            folder = PurePosixPath(importer).parent
            for _ in range(dots - 1):
                folder = folder.parent
            return self._module(str(folder / tail) if tail else str(folder))
        beside = posixpath.dirname(importer)
        roots = sorted(self._roots(tail.split("/")[0]), key=lambda root: (root != beside, len(root)))
        is_standard = tail in sys.stdlib_module_names
        if is_standard:
            # `import logging` means no `tools/logging.py`, and least of all in that file itself.
            roots = [root for root in roots if root in ("", beside)]
        found = next((found for root in roots if (found := self._module(posixpath.join(root, tail)))), None)
        return None if found == importer and is_standard else found

    def has_python_package(self, name: str) -> bool:
        """True if the repository itself holds a top-level module or package `name`."""
        return bool(self._roots(name))

    def _module(self, target: str) -> str | None:
        plain = posixpath.normpath(target)
        initial = "__init__.py" if plain == "." else f"{plain}/__init__.py"
        candidates = (initial, f"{plain}.py", f"{plain}/__init__.pyi", f"{plain}.pyi")
        found = next((candidate for candidate in candidates if candidate in self._paths), None)
        return found or (plain if plain in self._folders else None)

    def _roots(self, top: str) -> list[str]:
        return self._python_roots.get(top, [])

    @cached_property
    def _python_roots(self) -> dict[str, list[str]]:
        """Folders that hold a module or a package of a name, and are no package themselves."""
        roots: dict[str, set[str]] = defaultdict(set)
        for path in self._paths:
            if not path.endswith((".py", ".pyi")):
                continue
            top = PurePosixPath(path)
            while top != PurePosixPath(".") and top.parent != top:
                root = str(top.parent) if str(top.parent) != "." else ""
                if posixpath.join(root, "__init__.py") not in self._paths:
                    roots[top.name.removesuffix(".pyi").removesuffix(".py")].add(root)
                top = top.parent
        return {name: sorted(found) for name, found in roots.items()}


def _without_json_comments(content: str) -> str:
    """Take comments and trailing commas out of tsconfig's JSON; strings are left as they are."""
    pattern = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
    plain = pattern.sub(lambda match: match[1] or "", content)
    return re.sub(r",(\s*[}\]])", r"\1", plain)
