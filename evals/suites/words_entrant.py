"""The entrant `words`: labels by a bag of words that was trained on the other families."""

from collections.abc import Sequence
from importlib import import_module

from agents.triage.handoff import Triage
from core.errors import PlatformError
from evals.golden.case import GoldenAlarm


class WordsNeedScikit(PlatformError):
    """scikit-learn is a dependency of the checks and not of the product."""


def guess(texts: Sequence[str], labels: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return cross-validated labels. Raises WordsNeedScikit where scikit-learn is not installed."""
    try:
        words = import_module("evals.words")
    except ModuleNotFoundError as error:
        raise WordsNeedScikit(
            "The words baseline needs scikit-learn: install requirements-dev.txt, or take --model rules."
        ) from error
    found: list[str] = words.guesses(texts, labels, groups)
    return found


def words_answers(cases: Sequence[GoldenAlarm]) -> dict[str, Triage]:
    """Return for each case what its words alone suggest; a duplicate is one of the newest live incident."""
    texts, families = [case.text for case in cases], [case.family for case in cases]
    kinds = guess(texts, [case.expected.classification for case in cases], families)
    severities = guess(texts, [case.expected.severity for case in cases], families)
    answers = {}
    for case, kind, severity in zip(cases, kinds, severities, strict=True):
        newest = max(case.live, key=lambda incident: incident.first_seen_at, default=None)
        original = newest.id if newest is not None and kind == "duplicate" else None
        if kind == "duplicate" and original is None:
            kind = "real"
        answers[case.id] = Triage.model_validate(
            {
                "classification": kind,
                "severity": severity,
                "rule": "words",
                "reason": "A bag of words answered, no model.",
                "duplicate_of": original,
                "fixable_in_code": True,
                "confidence": 0.5,
            }
        )
    return answers
