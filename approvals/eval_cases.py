"""What the evaluations measure with: no preference pair about it may be trained on.

A labelled alarm is known by the fingerprints that the product itself would give it; a fix case by its error's
fingerprint and its repository.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from approvals.models import PreferencePair
from core.errors import PlatformError
from incidents.choices import GoldenCaseState
from incidents.error_fingerprint import error_in
from incidents.fingerprint import FingerprintParts
from incidents.models import GoldenCase
from integrations.cloudwatch.alarm import parse_alarm

# A file of one's own may name these itself.
FINGERPRINT_FIELDS = ("fingerprint", "error_fingerprint")
REPOSITORY_FIELD = "repository"
# Fix cases lie in evals/fixes/cases/, and each is a repository of that owner named as its file.
FIX_CASES = "fixes"


class BadEvalCases(PlatformError):
    """A file of cases cannot be read, so nothing can be told apart from it."""


@dataclass(frozen=True)
class EvalCases:
    """Fingerprints and repositories that stand in an evaluation."""

    fingerprints: frozenset[str]
    repositories: frozenset[str]

    def holds(self, pair: PreferencePair) -> bool:
        """Return whether the pair is about a case of the evaluations: the same error, or its repository."""
        incident = pair.incident
        known = {incident.fingerprint, incident.error_fingerprint} - {""}
        is_same_error = not known.isdisjoint(self.fingerprints)
        return is_same_error or incident.service.repository.lower() in self.repositories


def eval_files(folder: Path) -> list[Path]:
    """Return the files below `evals/` that hold cases: labelled alarms, and fix cases."""
    fixes = folder / FIX_CASES / "cases"
    return [*sorted(folder.rglob("*.jsonl")), *sorted([*fixes.glob("*.yaml"), *fixes.glob("*.json")])]


def eval_cases(files: Iterable[Path]) -> EvalCases:
    """Read the cases of these files, and those that people labelled and nobody excluded.

    Raises BadEvalCases for a file that cannot be read: then it is not known what must be left out.
    """
    labelled = GoldenCase.objects.exclude(state=GoldenCaseState.EXCLUDED)
    errors = labelled.values_list("incident__fingerprint", "incident__error_fingerprint")
    fingerprints = {value for both in errors for value in both if value}
    repositories: set[str] = set()
    for case in (case for file in files for case in _cases_in(file)):
        fingerprints.update(_fingerprints(case))
        if case.get(REPOSITORY_FIELD):
            repositories.add(str(case[REPOSITORY_FIELD]).lower())
    return EvalCases(frozenset(fingerprints), frozenset(repositories))


def _cases_in(file: Path) -> Iterator[Mapping[str, Any]]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield _case(f"{file}:{number}", line, json.loads)
        return
    yield {REPOSITORY_FIELD: f"{FIX_CASES}/{file.stem}", **_case(str(file), text, yaml.safe_load)}


def _case(where: str, text: str, read: Any) -> Mapping[str, Any]:
    try:
        case = read(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise BadEvalCases(f"{where} is not a document that can be read: {error}") from error
    if not isinstance(case, dict):
        raise BadEvalCases(f"{where} is no case: {str(case)[:100]!r}")
    return case


def _fingerprints(case: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a case says itself, and what the product would make of its alarm and its log lines."""
    yield from (str(case[name]) for name in FINGERPRINT_FIELDS if case.get(name))
    notification = case.get("notification") or {}
    alarm = parse_alarm(str(notification.get("Message", "")))
    if alarm is not None:
        topic_arn = str(notification.get("TopicArn", ""))
        yield FingerprintParts.of_alarm(alarm, topic_arn=topic_arn, service=str(case.get("service", ""))).value
    events = (case.get("logs") or {}).get("events", [])
    messages = [str(event["message"]) for event in events] or [str(case.get("log", "")).strip()]
    error = error_in(messages)
    if error is not None:
        yield error.value
