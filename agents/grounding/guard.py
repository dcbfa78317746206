"""The promise that no made-up name leaves an agent: what a diagnosis or a fix names must exist in the repository.

Each check returns sentences for the model; none means that everything named is there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from agents.diagnosis.handoff import Citation, Diagnosis, Location
from agents.grounding.index import SymbolIndex
from agents.grounding.names import Mention, mentions
from agents.grounding.runtime import technical_words
from agents.grounding.symbols import Definition
from agents.grounding.written import problems_of
from core.errors import NeedsHuman
from core.patch import Patch

_CODE_CITATION = re.compile(r"(?P<path>[^:\s]+):(?P<start>\d+)(?:-(?P<end>\d+))?")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# How stack traces call code outside any function, in Python and in JavaScript.
_MODULE_NAMES = frozenset({"<module>", "Object.<anonymous>"})
_ANONYMOUS = "<anonymous>"


class GroundingRefused(NeedsHuman):
    """The output still names what does not exist after it was sent back."""

    exit_reason = "GroundingRefused"


def check_diagnosis(
    diagnosis: Diagnosis,
    *,
    index: SymbolIndex,
    log_event_ids: frozenset[str],
    commits: frozenset[str],
    known_words: frozenset[str] = frozenset(),
) -> list[str]:
    """Return one sentence for each file, line, function, citation or name that does not hold.

    `commits` are full hashes. `known_words` are identifiers that outside text has made known, which the diagnosis
    may repeat in prose: `names.words` of the alarm, its metric, and the log events given to the model.
    """
    prose = _Prose(index, known_words)
    problems = list(_location(diagnosis.location, index))
    for step in diagnosis.causal_chain:
        problems += _citation(step.citation, index=index, log_event_ids=log_event_ids, commits=commits)
    for field, text in _prose_fields(diagnosis):
        problems += [f"{field} {problem}" for problem in prose.problems(text)]
    return list(dict.fromkeys(problems))


def check_fix(patch: Patch, *, index: SymbolIndex, checkout: Path) -> list[str]:
    """Return one sentence for each syntax error, import or call in a written file that cannot work.

    A fault that the file has before the fix is not the fix's and is left out.
    """
    patched = index.with_patch(patch)
    problems: list[str] = []
    for path, content in sorted(patch.files.items()):
        if content is None or path not in patched.files:
            continue
        old = problems_of(path, index=index, base=index, checkout=checkout) if path in index.files else []
        old_keys = {problem.key for problem in old}
        found = problems_of(path, index=patched, base=index, checkout=checkout)
        problems += [str(problem) for problem in found if problem.key not in old_keys]
    return list(dict.fromkeys(problems))


def _location(location: Location, index: SymbolIndex) -> Iterator[str]:
    path, lines = location.path, f"{location.line_start}-{location.line_end}"
    if not index.has_file(path):
        yield f"location.path: the file `{path}` does not exist{_near_files(path, index)}"
        return
    line_count = index.line_count(path)
    if line_count is not None and location.line_end > line_count:
        yield f"location: lines {lines} are not in `{path}`, which has {line_count} lines."
        return
    name = _plain_function(location.function)
    if path not in index.files or name in _MODULE_NAMES:
        return
    definitions = index.definitions_in(path)
    here = [found for found in definitions if _is_called(found, name)]
    if not here:
        yield f"location.function: {_missing_function(location, name, index)}"
    elif not any(found.overlaps(location.line_start, location.line_end) for found in here):
        yield f"location: `{name}` is not at lines {lines} of `{path}` but at {_places(here)}."


def _plain_function(name: str) -> str:
    """Take off what people add to a function's name: `async`, `()`, `prototype`, `module.exports`."""
    plain = re.sub(r"^(?:async |function\*? |class |def |new )+", "", name.strip())
    plain = re.sub(r"(?<=[\w$])\(\)$", "", plain).replace(".prototype.", ".").replace(".<locals>.", ".")
    plain = plain.replace("#", "." if re.match(r"\w+#", plain) else "").replace('"', "'")
    return re.sub(r"^(?:module\.exports\.|exports\.|this\.|self\.)", "", plain)


def _is_called(found: Definition, name: str) -> bool:
    if name == _ANONYMOUS:
        return found.kind == "callback"
    return name in (found.name, found.qualified_name) or found.qualified_name.endswith(f".{name}")


def _missing_function(location: Location, name: str, index: SymbolIndex) -> str:
    elsewhere = index.lookup(name)
    start = f"`{location.path}` has no function `{name}`"
    if elsewhere:
        return f"{start}; it is defined in {_places(elsewhere)}."
    at_lines = [
        found
        for found in index.definitions_in(location.path)
        if found.overlaps(location.line_start, location.line_end)
    ]
    there = f" At these lines are: {_named(at_lines)}." if at_lines else ""
    return f"{start}{_near(name, index, path=location.path)}{there}"


def _citation(
    citation: Citation, *, index: SymbolIndex, log_event_ids: frozenset[str], commits: frozenset[str]
) -> Iterator[str]:
    reference = citation.reference
    if citation.kind == "log_event":
        if reference not in log_event_ids:
            yield f"the cited log event `{reference}` is not among the {len(log_event_ids)} that were given."
    elif citation.kind == "commit":
        if not _COMMIT.fullmatch(reference):
            yield f"the cited commit `{reference}` is not a hash of at least 7 hexadecimal digits."
        elif not any(commit.startswith(reference) for commit in commits):
            yield f"the cited commit `{reference}` is not among the {len(commits)} commits that were given."
    else:
        yield from _code_citation(reference, index)


def _code_citation(reference: str, index: SymbolIndex) -> Iterator[str]:
    match = _CODE_CITATION.fullmatch(reference)
    if match is None:
        yield f"the citation `{reference}` is not of the form `path:line` or `path:line-line`."
        return
    start, end = int(match["start"]), int(match["end"] or match["start"])
    if not index.has_file(match["path"]):
        yield f"the cited file `{match['path']}` does not exist{_near_files(match['path'], index)}"
    elif not _has_lines(index, match["path"], start, end):
        yield f"the citation `{reference}` is outside the file, which has {index.line_count(match['path'])} lines."


def _has_lines(index: SymbolIndex, path: str, start: int, end: int) -> bool:
    line_count = index.line_count(path)
    return 1 <= start <= end and (line_count is None or end <= line_count)


def _prose_fields(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    yield "title", diagnosis.title
    yield "root_cause", diagnosis.root_cause
    for number, step in enumerate(diagnosis.causal_chain):
        yield f"causal_chain[{number}].claim", step.claim
    for number, hypothesis in enumerate(diagnosis.hypotheses):
        yield f"hypotheses[{number}].statement", hypothesis.statement
        yield f"hypotheses[{number}].because", hypothesis.because
    for number, gap in enumerate(diagnosis.gaps):
        yield f"gaps[{number}]", gap


@dataclass(frozen=True)
class _Prose:
    index: SymbolIndex
    known_words: frozenset[str]

    def problems(self, text: str) -> Iterator[str]:
        for mention in mentions(text):
            if mention.kind == "file" and not self._is_member(mention):
                yield from self._file(mention)
            elif not (mention.text in technical_words() or mention.text in self.known_words):
                yield from self._name(mention)

    def _is_member(self, mention: Mention) -> bool:
        """True for `response.json`: the form of a file name, and no such file."""
        is_bare = "/" not in mention.text and mention.line_start is None
        return is_bare and not self.index.paths_ending_in(mention.text)

    def _file(self, mention: Mention) -> Iterator[str]:
        if "node_modules/" in mention.text or "site-packages/" in mention.text:
            return
        paths = self.index.paths_ending_in(mention.text)
        if not paths:
            yield f"names the file `{mention.text}`, which does not exist{_near_files(mention.text, self.index)}"
        elif mention.line_start is not None and not any(
            _has_lines(self.index, path, mention.line_start, mention.line_end or mention.line_start)
            for path in paths
        ):
            lines = ", ".join(f"`{path}` has {self.index.line_count(path)} lines" for path in paths)
            yield f"names line {mention.line_start} of `{mention.text}`, but {lines}."

    def _name(self, mention: Mention) -> Iterator[str]:
        parts = mention.parts
        if self.index.is_dependency_name(parts[0]) and not self.index.lookup(parts[0]):
            return  # what a dependency has inside is not in the repository
        unknown = [part for part in parts if not self._is_known(part)]
        if unknown:
            is_file = mention.kind == "file"
            near = _near_files(mention.text, self.index) if is_file else _near(unknown[-1], self.index)
            yield f"names `{mention.text}`, which is not in the repository{near}"
            return
        for owner, member in pairwise(parts):
            if self.index.class_lacks(owner, member) and member not in self.known_words:
                yield f"names `{mention.text}`, but the class `{owner}` has no `{member}`{_at(member, self.index)}"

    def _is_known(self, word: str) -> bool:
        return (
            self.index.knows(word)
            or word in self.known_words
            or word in technical_words()
            or self.index.is_runtime_name(word)
            or self.index.is_dependency_name(word)
        )


def _near(name: str, index: SymbolIndex, *, path: str | None = None) -> str:
    names = index.near(name, path=path) or index.near(name.rpartition(".")[2], path=path)
    shown = []
    for near in names:
        places = [found for found in index.lookup(near) if path is None or found.path == path] or index.lookup(
            near
        )
        shown.append(f"`{near}` ({places[0].path}:{places[0].line_start})" if places else f"`{near}`")
    return f"; near: {', '.join(shown)}." if shown else "."


def _near_files(path: str, index: SymbolIndex) -> str:
    near = index.near_files(path)
    return f"; near: {', '.join(f'`{found}`' for found in near)}." if near else "."


def _at(name: str, index: SymbolIndex) -> str:
    places = index.lookup(name)
    return f"; `{name}` is defined in {_places(places)}." if places else "."


def _places(definitions: list[Definition]) -> str:
    return ", ".join(f"{found.path}:{found.line_start}-{found.line_end}" for found in definitions[:3])


def _named(definitions: list[Definition]) -> str:
    return ", ".join(
        f"`{found.qualified_name}` ({found.line_start}-{found.line_end})" for found in definitions[:5]
    )
