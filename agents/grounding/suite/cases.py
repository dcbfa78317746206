"""The suite's cases: diagnoses and fixes that are true, and the same with one name or place made up.

A place is written `path:[[text]]+2`: the line of the file that holds the text, and so many lines after it.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agents.diagnosis.handoff import CausalStep, Citation, Diagnosis, Hypothesis, Location
from agents.fix.handoff import Edit, FixProposal, NewFile
from agents.grounding.names import words
from agents.grounding.suite.repositories import repository_files, repository_names
from core.errors import PlatformError

FOLDER = Path(__file__).parent / "cases"

_PLACE = re.compile(r"(?P<path>[\w./@\[\]-]+):\[\[(?P<text>.+?)\]\](?!\])(?:\+(?P<more>\d+))?")
_AT = re.compile(r"(?P<path>\S+?):(?P<start>\d+)(?:-(?P<end>\d+))? (?P<function>.+)")


class BadCase(PlatformError):
    """A case does not say what it should; the text names it."""


@dataclass(frozen=True)
class Case:
    """`planted` is what a refusal has to name; a case without it is true from end to end."""

    repository: str
    name: str
    output: Diagnosis | FixProposal
    log_event_ids: frozenset[str]
    commits: frozenset[str]
    known_words: frozenset[str]
    planted: str = ""

    @property
    def is_fabricated(self) -> bool:
        return self.planted != ""

    def __str__(self) -> str:
        return f"{self.repository}: {self.name}" + (f" with {self.planted}" if self.planted else "")


@dataclass(frozen=True)
class Symptom:
    """What an incident shows, and the file in which its cause is to be mended."""

    repository: str
    file: str
    text: str


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case. Raises BadCase for one that its repository does not bear out."""
    return tuple(case for name in repository_names() for case in _cases(name))


@cache
def all_symptoms() -> tuple[Symptom, ...]:
    """Return the incidents that code search is measured with."""
    return tuple(
        Symptom(name, found["file"], "\n".join([found["alarm"], *found["logs"]]))
        for name in repository_names()
        for found in _document(name)["incidents"]
    )


def _document(repository: str) -> Any:
    return yaml.safe_load((FOLDER / f"{repository}.yaml").read_text(encoding="utf-8"))


def _cases(repository: str) -> Iterator[Case]:
    document = _document(repository)
    clean = {entry["name"]: entry for entry in document["clean"]}
    for entry in clean.values():
        yield _case(repository, document, entry)
    for made_up in document["fabricated"]:
        entry = _planted(clean[made_up["of"]], made_up["plant"], repository)
        yield _case(repository, document, entry, planted=made_up["names"])


def _planted(entry: Mapping[str, Any], plant: Mapping[str, str], repository: str) -> Mapping[str, Any]:
    changed: Mapping[str, Any] = _replaced(copy.deepcopy(entry), plant)
    if changed == entry:
        raise BadCase(f"{repository}: nothing of {entry['name']!r} is replaced by {plant}")
    return changed


def _replaced(value: Any, plant: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, plant) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, plant) for inner in value]
    for old, new in plant.items() if isinstance(value, str) else ():
        # A place's text has to stay the file's own, unless the place itself is what is made up.
        value = value.replace(old, new) if "[[" in old else _replaced_outside_places(value, old, new)
    return value


def _replaced_outside_places(text: str, old: str, new: str) -> str:
    parts = re.split(r"(\[\[.+?\]\](?!\]))", text)
    return "".join(part if part.startswith("[[") else part.replace(old, new) for part in parts)


def _case(repository: str, document: Mapping[str, Any], entry: Mapping[str, Any], *, planted: str = "") -> Case:
    log_event_ids = frozenset(document.get("log_events", []))
    is_fix = entry.get("kind") == "fix"
    return Case(
        repository=repository,
        name=entry["name"],
        output=_proposal(entry) if is_fix else _diagnosis(entry, repository_files(repository)),
        log_event_ids=log_event_ids,
        commits=frozenset(document.get("commits", [])),
        known_words=words(f"{document['known']} {entry.get('known', '')}"),
        planted=planted,
    )


def _diagnosis(entry: Mapping[str, Any], files: Mapping[str, str]) -> Diagnosis:
    place = _AT.fullmatch(_with_lines(entry["at"], files))
    if place is None:
        raise BadCase(f"{entry['name']}: {entry['at']!r} is no place")
    return Diagnosis(
        title=entry["name"],
        root_cause=entry["cause"],
        location=Location(
            path=place["path"],
            function=place["function"],
            line_start=int(place["start"]),
            line_end=int(place["end"] or place["start"]),
        ),
        causal_chain=[
            CausalStep(claim=claim, citation=_citation(_with_lines(reference, files)))
            for claim, reference in entry["chain"]
        ],
        hypotheses=[
            Hypothesis(statement="The cause is elsewhere.", verdict="refuted", because="The code says so.")
        ],
        confidence=0.9,
        gaps=entry.get("gaps", []),
    )


def _citation(reference: str) -> Citation:
    kind, _, rest = reference.partition(":")
    if kind == "log":
        return Citation(kind="log_event", reference=rest)
    return (
        Citation(kind="commit", reference=rest) if kind == "commit" else Citation(kind="code", reference=reference)
    )


def _with_lines(text: str, files: Mapping[str, str]) -> str:
    def numbered(match: re.Match[str]) -> str:
        content = files.get(match["path"], "")
        if content.count(match["text"]) != 1:
            raise BadCase(
                f"{match['path']} holds {match['text']!r} {content.count(match['text'])} times, not once"
            )
        line = content[: content.index(match["text"])].count("\n") + 1
        end = f"-{line + int(match['more'])}" if match["more"] else ""
        return f"{match['path']}:{line}{end}"

    return _PLACE.sub(numbered, text)


def _proposal(entry: Mapping[str, Any]) -> FixProposal:
    return FixProposal(
        rationale=entry["rationale"],
        edits=[Edit(**edit) for edit in entry.get("edits", [])],
        new_files=[NewFile(path=path, content=text) for path, text in entry.get("new_files", {}).items()],
    )
