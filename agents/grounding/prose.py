"""Every name and place in what a model writes for people, looked up in the repository."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from agents.grounding.hints import defined_at, near_files, near_names
from agents.grounding.index import SymbolIndex
from agents.grounding.names import Mention, mentions, placed, words
from agents.grounding.runtime import runtime_members, technical_words
from agents.grounding.shapes import OPEN, UNIVERSAL_MEMBERS, Shapes


@dataclass(frozen=True)
class Prose:
    index: SymbolIndex
    known_words: frozenset[str]

    @cached_property
    def _shapes(self) -> Shapes:
        return Shapes(self.index)

    def problems(self, text: str) -> Iterator[str]:
        for name, place in placed(text):
            yield from self._misplaced(name, place)
        for mention in mentions(text):
            if mention.kind == "file" and not self._is_member(mention):
                yield from self._file(mention)
            elif not (mention.text in technical_words() or mention.text in self.known_words):
                yield from self._name(mention)

    def _misplaced(self, name: Mention, place: Mention) -> Iterator[str]:
        """Refuse "`name` in path:lines" where the file, or those lines of it, do not hold the name."""
        word = name.parts[-1]
        paths = [path for path in self.index.paths_ending_in(place.text) if path in self.index.files]
        if paths and self._is_known(word) and not any(holds(self.index, path, word, place) for path in paths):
            yield f"places `{name.text}` in `{place.text}`, which does not hold it{defined_at(word, self.index)}"

    def _is_member(self, mention: Mention) -> bool:
        """True for `response.json`: the form of a file name, and no such file."""
        is_bare = "/" not in mention.text and mention.line_start is None
        return is_bare and not self.index.paths_ending_in(mention.text)

    def _file(self, mention: Mention) -> Iterator[str]:
        if "node_modules/" in mention.text or "site-packages/" in mention.text:
            return
        paths = self.index.paths_ending_in(mention.text)
        if not paths:
            yield f"names the file `{mention.text}`, which does not exist{near_files(mention.text, self.index)}"
        elif mention.line_start is not None and not any(
            has_lines(self.index, path, mention.line_start, mention.line_end or mention.line_start)
            for path in paths
        ):
            lines = ", ".join(f"`{path}` has {self.index.line_count(path)} lines" for path in paths)
            yield f"names line {mention.line_start} of `{mention.text}`, but {lines}."

    def _name(self, mention: Mention) -> Iterator[str]:
        parts = mention.parts
        if self._is_foreign(parts[0]):
            return  # what a dependency has inside is not in the repository
        unknown = [part for part in parts if not self._is_known(part)]
        if unknown:
            is_file = mention.kind == "file"
            near = near_files(mention.text, self.index) if is_file else near_names(unknown[-1], self.index)
            yield f"names `{mention.text}`, which is not in the repository{near}"
            return
        is_first = True
        for owner, member in pairwise([part for part in parts if part != "prototype"]):
            if lacking := self._lacking(owner, member, is_first=is_first):
                yield f"names `{mention.text}`, but {lacking} has no `{member}`{defined_at(member, self.index)}"
                return
            is_first = False

    def _lacking(self, owner: str, member: str, *, is_first: bool) -> str:
        """Return what it is that cannot have the member, "" if something of the owner's name can."""
        if self.index.is_used_pair(owner, member) or member in self.known_words | UNIVERSAL_MEMBERS:
            return ""
        shapes = self._shapes.named(owner)
        is_foreign = self._is_foreign(owner)
        if not shapes and not is_foreign:
            runtime = [runtime_members(owner, language) for language in self.index.languages]
            known = [members for members in runtime if members]
            if known:
                return "" if any(member in members for members in known) else f"`{owner}` of the runtime"
        if is_first and shapes and all(shape.lacks(member) for shape in shapes):
            return shapes[0].what
        if any(shape != OPEN and not shape.lacks(member) for shape in shapes):
            return ""
        # Of an unknown owner's members this much is known: something has to be a member of that name.
        is_possible = is_foreign or self.index.is_member_name(member) or not self.index.lookup(member)
        return "" if is_possible else f"what is called `{owner}`"

    def _is_foreign(self, word: str) -> bool:
        """True for a dependency's name that stands for nothing of the repository's own."""
        if not self.index.is_dependency_name(word) or self.index.lookup(word):
            return False
        return all(shape == OPEN for shape in self._shapes.named(word))

    def _is_known(self, word: str) -> bool:
        return (
            self.index.knows(word)
            or word in self.known_words
            or word in technical_words()
            or self.index.is_runtime_name(word)
            or self.index.is_dependency_name(word)
        )


def words_around(index: SymbolIndex, path: str, start: int, end: int) -> frozenset[str]:
    """Return the identifiers in the lines and in the names of the definitions that these are part of."""
    around = [found for found in index.definitions_in(path) if found.overlaps(start, end)]
    names = {part for found in around for part in words(found.qualified_name)}
    return words("\n".join(index.text_lines(path)[start - 1 : end])) | names


def holds(index: SymbolIndex, path: str, word: str, place: Mention) -> bool:
    if place.line_start is None:
        return word in index.files[path].words or word in words(path)
    return word in words_around(index, path, place.line_start, place.line_end or place.line_start)


def has_lines(index: SymbolIndex, path: str, start: int, end: int) -> bool:
    """Return whether the file has these lines; one that is too large to be read has all."""
    line_count = index.line_count(path)
    return 1 <= start <= end and (line_count is None or end <= line_count)
