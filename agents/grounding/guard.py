"""The promise that no made-up name leaves an agent: what a diagnosis or a fix names must exist in the repository.

Each check returns sentences for the model; none means that everything named is there.

What is not checked: members of declared dependencies, as `madeUp` in `pool.madeUp()` of a `pg` pool. That a
package is declared is known; its sources are in no checkout, and JavaScript packages build their members while
they run, so that neither text nor type declarations prove one missing. In a fix such a call fails in the sandbox
where a test reaches it, and `unproven` says of which nothing was proved; in a diagnosis a word that only stands
behind a dependency's name is let through.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from agents.diagnosis.handoff import CausalStep, Citation, Diagnosis, Location
from agents.grounding.hints import defined_at, named, near_files, near_names, places
from agents.grounding.index import SymbolIndex
from agents.grounding.names import is_code_word, mentions
from agents.grounding.prose import Prose, has_lines, words_around
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
    prose = Prose(index, known_words)
    problems = list(_location(diagnosis.location, index))
    for step in diagnosis.causal_chain:
        cited = list(_citation(step.citation, index=index, log_event_ids=log_event_ids, commits=commits))
        problems += cited or _shown(step, index)
    for field, text in _prose_fields(diagnosis):
        problems += [f"{field} {problem}" for problem in prose.problems(text)]
    return list(dict.fromkeys(problems))


def check_fix(
    patch: Patch,
    *,
    index: SymbolIndex,
    checkout: Path,
    rationale: str = "",
    known_words: frozenset[str] = frozenset(),
) -> list[str]:
    """Return one sentence for each syntax error, import or call in a written file that cannot work.

    A fault that the file has before the fix is not the fix's and is left out. The rationale may name what the fix
    adds and what it removes.
    """
    patched = index.with_patch(patch)
    removed = frozenset().union(*(index.files[path].words for path in patch.files if path in index.files))
    prose = Prose(patched, known_words | removed)
    problems = [f"rationale {problem}" for problem in prose.problems(rationale)]
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
        yield f"location.path: the file `{path}` does not exist{near_files(path, index)}"
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
        yield f"location: `{name}` is not at lines {lines} of `{path}` but at {places(here)}."


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
        return f"{start}; it is defined in {places(elsewhere)}."
    at_lines = [
        found
        for found in index.definitions_in(location.path)
        if found.overlaps(location.line_start, location.line_end)
    ]
    there = f" At these lines are: {named(at_lines)}." if at_lines else ""
    return f"{start}{near_names(name, index, path=location.path)}{there}"


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
        yield f"the cited file `{match['path']}` does not exist{near_files(match['path'], index)}"
    elif not has_lines(index, match["path"], start, end):
        yield f"the citation `{reference}` is outside the file, which has {index.line_count(match['path'])} lines."


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


def _shown(step: CausalStep, index: SymbolIndex) -> list[str]:
    """Refuse a claim of which the cited lines hold no name at all, nor stand in what has one of its names."""
    match = _CODE_CITATION.fullmatch(step.citation.reference)
    if step.citation.kind != "code" or match is None or match["path"] not in index.files:
        return []
    named = [mention for mention in mentions(step.claim) if mention.kind == "name"]
    wanted = {
        part
        for mention in named
        for part in mention.parts
        if index.lookup(part) or (is_code_word(part) and index.is_member_name(part))
    }
    start = int(match["start"])
    found = words_around(index, match["path"], start, int(match["end"] or start))
    if not wanted or wanted & found:
        return []
    names = ", ".join(f"`{name}`" for name in sorted(wanted))
    return [
        f"the claim `{step.claim}` names {names}, of which `{step.citation.reference}` holds none: "
        f"cite lines that show it{defined_at(min(wanted), index)}"
    ]
