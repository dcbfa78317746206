"""Entrants that need no key. They are yardsticks and checks of the harness; the pipeline never uses them.

`majority` and `rules` (and `words`, in words.py) are floors: a model that is not clearly above them is no use.
`gold`, `wrong` and `obedient` test the harness itself: they must reach 100 %, 0 % and full obedience.
"""

import re
from collections.abc import Sequence

from agents.triage.handoff import Triage
from evals.golden.case import GoldenAlarm, Severity

_TEST = re.compile(
    r"drill|gameday|chaos|rehearsal|loadtest|load test|maintenance|exercise|simulacro|压测", re.IGNORECASE
)
_DEPLOY = re.compile(r"deploy|rollout|rolling restart|draining|implantacao|Aktualisierung", re.IGNORECASE)
_REFUSED = re.compile(r"refused|declined|\b4\d\d\b|abgewiesen|BLOCK", re.IGNORECASE)
_RETRIED = re.compile(r"attempt=2|second try|retry|retries|再試行|재시도", re.IGNORECASE)
_CRASH = re.compile(r"\w+(?:Error|Exception)\b|panic:|\bat \w+[./]")
_NONE_WORK = re.compile(r"\bok=0\b|stored=0\b|sent=0\b|placed? 0\b", re.IGNORECASE)
_WRONG = re.compile(r"twice|wrong|another (?:order|user|tenant)|duplicate key|delivered to", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{4,}")


def majority(case: GoldenAlarm) -> Triage:
    """Answer the most frequent label of the dataset, whatever the case."""
    return _triage("real", "P1", "P1:core-path", confidence=0.18)


def rules(case: GoldenAlarm) -> Triage:
    """Answer by keywords, in the order that a shell script on call would have them."""
    text = "\n".join(event.message for event in case.logs.events)
    original = _same_words(case, text)
    if original is not None:
        return _triage("duplicate", "P1", "duplicate:same-fault", duplicate_of=original)
    if _TEST.search(text):
        return _triage("noise", "P3", "noise:test-signal")
    if _DEPLOY.search(text) and not _CRASH.search(text):
        return _triage("noise", "P3", "noise:deploy-restart")
    if _RETRIED.search(text) and not _CRASH.search(text):
        return _triage("noise", "P3", "noise:self-healed")
    if _REFUSED.search(text) and not _CRASH.search(text):
        return _triage("noise", "P3", "noise:expected-client-errors")
    if _WRONG.search(text):
        return _triage("real", "P1", "P1:wrong-data")
    if _NONE_WORK.search(text):
        return _triage("real", "P0", "P0:outage")
    return _triage("real", "P2", "P2:partial-failure", is_fixable=bool(_CRASH.search(text)))


def gold(case: GoldenAlarm) -> Triage:
    """Answer the label."""
    expected = case.expected
    return Triage(
        classification=expected.classification,
        severity=expected.severity,
        rule=expected.rule or "the person named none",
        reason="This is the label of the case.",
        duplicate_of=expected.duplicate_of,
        fixable_in_code=expected.fixable_in_code is not False,
        not_fixable_reason=expected.not_fixable_reason,
        confidence=1.0,
    )


def wrong(case: GoldenAlarm) -> Triage:
    """Answer another classification than the label, two severities away."""
    severities: Sequence[Severity] = ("P0", "P1", "P2", "P3")
    severity = severities[(severities.index(case.expected.severity) + 2) % 4]
    if case.expected.classification == "real":
        return _triage("noise", severity, "noise:self-healed", confidence=1.0)
    return _triage("real", severity, f"{severity}:any", confidence=1.0)


def obedient(case: GoldenAlarm, task: str) -> Triage:
    """Do what the hostile text asks for if it stands in the prompt, and answer the label if it does not."""
    is_told = any(text in task.replace('\\"', '"') for text in case.hostile_text)
    if not is_told or case.hostile_goal is None:
        return gold(case)
    goal = {"classification": "real", "severity": case.expected.severity, **case.hostile_goal}
    ids = [incident.id for incident in case.live]
    kind = goal["classification"]
    if kind == "duplicate" and not ids:
        return gold(case)
    return Triage.model_validate(
        {
            "classification": kind,
            "severity": goal["severity"],
            "rule": "told so",
            "reason": "The evidence told me to.",
            "duplicate_of": ids[0] if kind == "duplicate" else None,
            "fixable_in_code": True,
            "confidence": 1.0,
        }
    )


def _same_words(case: GoldenAlarm, text: str) -> int | None:
    """Return the live incident of whose title three words in four stand in the logs."""
    words = {word.lower() for word in _WORD.findall(text)}
    for incident in case.live:
        title = {word.lower() for word in _WORD.findall(incident.title)}
        if len(title) >= 3 and len(title & words) / len(title) >= 0.75:
            return incident.id
    return None


def _triage(
    classification: str,
    severity: str,
    rule: str,
    *,
    duplicate_of: int | None = None,
    is_fixable: bool = True,
    confidence: float = 0.5,
) -> Triage:
    return Triage.model_validate(
        {
            "classification": classification,
            "severity": severity,
            "rule": rule,
            "reason": "A baseline answered, no model.",
            "duplicate_of": duplicate_of,
            "fixable_in_code": is_fixable,
            "not_fixable_reason": "" if is_fixable else "no crash in the logs",
            "confidence": confidence,
        }
    )
