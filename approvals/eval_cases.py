"""What the evaluations measure with: no preference pair about it may be trained on."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from approvals.models import PreferencePair
from core.errors import PlatformError
from incidents.choices import GoldenCaseState
from incidents.models import GoldenCase

# The fields of a case, in evals/*.jsonl, by which a pair is recognised; others are not read.
FINGERPRINT_FIELDS = ("fingerprint", "error_fingerprint")
REPOSITORY_FIELD = "repository"


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


def eval_cases(files: Iterable[Path]) -> EvalCases:
    """Read the cases of these JSONL files, and those that people labelled and nobody excluded.

    Raises BadEvalCases for a file that is not JSONL: then it is not known what must be left out.
    """
    labelled = GoldenCase.objects.exclude(state=GoldenCaseState.EXCLUDED)
    errors = labelled.values_list("incident__fingerprint", "incident__error_fingerprint")
    fingerprints = {value for both in errors for value in both if value}
    repositories: set[str] = set()
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
            except json.JSONDecodeError as error:
                raise BadEvalCases(f"{file}:{number} is not a JSON document: {error}") from error
            fingerprints.update(str(case[name]) for name in FINGERPRINT_FIELDS if case.get(name))
            if case.get(REPOSITORY_FIELD):
                repositories.add(str(case[REPOSITORY_FIELD]).lower())
    return EvalCases(frozenset(fingerprints), frozenset(repositories))
