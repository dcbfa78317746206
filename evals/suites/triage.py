"""Triage over the golden dataset: classification, severity, rule, and what a mistake would have cost."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property

from agents.runtime.contract import Model
from agents.triage.agent import triage
from agents.triage.handoff import Triage
from evals import baselines
from evals.golden.case import DATASET, GoldenAlarm, Split, cases_read
from evals.played import PlayedModel
from evals.statistics import confusion, expected_calibration_error, macro_f1, quadratic_kappa
from evals.suites.contract import Desk, Given, Matrix, Metric, Question, Result, spread
from evals.suites.shares import resampled, share
from evals.suites.words_entrant import words_answers

CLASSIFICATIONS = ("real", "noise", "duplicate")
SEVERITIES = ("P0", "P1", "P2", "P3")


class TriageSuite:
    name = "triage"
    offline = ("majority", "rules", "words", "gold", "wrong")
    agents = ("triage",)

    def __init__(self, split: Split | None = None) -> None:
        self._split = split

    @cached_property
    def cases(self) -> dict[str, GoldenAlarm]:
        return {case.id: case for case in cases_read() if self._split in (None, case.split)}

    @property
    def case_ids(self) -> Sequence[str]:
        return spread(list(self.cases))

    @property
    def material_sha256(self) -> str:
        return hashlib.sha256(DATASET.read_bytes()).hexdigest()

    def check(self) -> None:
        """Pass: a model is all that it needs."""

    def question(self, case_id: str) -> Question:
        case = self.cases[case_id]
        return Question(case.context.model_dump(mode="json"), case.expected.model_dump())

    def repeats(self, entrant: str, asked: int) -> int:
        return asked

    def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
        """Run the agent on the case; its live store is the case's list, in which nothing ends meanwhile."""
        case = self.cases[case_id]
        answer = triage_answer(case, desk, self._model(desk.entrant, case))
        return Given(
            is_right=answer.classification == case.expected.classification,
            expected=self.question(case_id).expected,
            answer=answer.model_dump(),
        )

    def _model(self, entrant: str, case: GoldenAlarm) -> Model | None:
        if entrant not in self.offline:
            return None
        answers: dict[str, Callable[[GoldenAlarm], Triage]] = {
            "majority": baselines.majority,
            "rules": baselines.rules,
            "gold": baselines.gold,
            "wrong": baselines.wrong,
        }
        answer = self._words[case.id] if entrant == "words" else answers[entrant](case)
        return PlayedModel(entrant, lambda _task: answer)

    @cached_property
    def _words(self) -> dict[str, Triage]:
        # Trained on the other families of the whole set, whichever split is asked for.
        return words_answers(cases_read())

    def metrics(self, results: Sequence[Result]) -> list[Metric]:
        answered = [result for result in results if result.outcome == "answered"]
        real = [result for result in answered if result.expected["classification"] == "real"]
        outages = [result for result in real if result.expected["severity"] == "P0"]
        duplicates = [result for result in answered if result.expected["classification"] == "duplicate"]
        pairs = _pairs(answered, "classification")
        confident = self.confidences(results)
        ruled = [result for result in answered if result.expected["rule"]]
        kept = [
            result
            for result in real
            if result.answer["classification"] == "real" and result.expected["fixable_in_code"] is not None
        ]
        return [
            share("accuracy", answered, lambda result: bool(result.is_right)),
            Metric("macro_f1", macro_f1(pairs), resampled(answered, _classifications, macro_f1), len(pairs)),
            share("wrong_drop", real, lambda result: result.answer["classification"] != "real", better="low"),
            share("missed_p0", outages, _is_missed, better="low"),
            share("severity_accuracy", real, lambda result: _is_same(result, "severity")),
            Metric(
                "severity_kappa",
                _kappa(_pairs(real, "severity")),
                resampled(real, lambda result: _pair(result, "severity"), _kappa),
                len(real),
                unit="number",
            ),
            share("rule_accuracy", ruled, lambda result: _is_same(result, "rule")),
            share("duplicate_target", duplicates, lambda result: _is_same(result, "duplicate_of")),
            share("fixable_accuracy", kept, lambda result: _is_same(result, "fixable_in_code")),
            Metric(
                "calibration_error",
                expected_calibration_error(confident),
                resampled(answered, _claim, expected_calibration_error),
                len(confident),
                better="low",
                unit="number",
            ),
        ]

    def matrices(self, results: Sequence[Result]) -> list[Matrix]:
        answered = [result for result in results if result.outcome == "answered"]
        real = [result for result in answered if result.expected["classification"] == "real"]
        return [
            Matrix(
                "Classification", CLASSIFICATIONS, confusion(_pairs(answered, "classification"), CLASSIFICATIONS)
            ),
            Matrix("Severity of real cases", SEVERITIES, confusion(_pairs(real, "severity"), SEVERITIES)),
        ]

    def confidences(self, results: Sequence[Result]) -> list[tuple[float, bool]]:
        """A triage claims that an engineer would give the same classification and severity."""
        return [_claim(result) for result in results if result.outcome == "answered"]

    def groups(self, case_id: str) -> Sequence[str]:
        case = self.cases[case_id]
        return (case.split, *(case.tags or ["no tag"]))


def triage_answer(case: GoldenAlarm, desk: Desk, offline: Model | None) -> Triage:
    """Run the triage agent on a case's evidence."""
    live = {incident.id for incident in case.live}
    return triage(case.context, desk.session("triage", offline), is_live=live.__contains__)


def _pairs(results: Sequence[Result], name: str) -> list[tuple[str, str]]:
    return [_pair(result, name) for result in results]


def _pair(result: Result, name: str) -> tuple[str, str]:
    return str(result.expected[name]), str(result.answer[name])


def _classifications(result: Result) -> tuple[str, str]:
    return _pair(result, "classification")


def _claim(result: Result) -> tuple[float, bool]:
    """Return the confidence of an answer, and whether it was right in what it claimed."""
    return float(result.answer["confidence"]), _both_right(result)


def _kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    return quadratic_kappa(pairs, SEVERITIES)


def _is_same(result: Result, name: str) -> bool:
    return bool(result.expected[name] == result.answer[name])


def _both_right(result: Result) -> bool:
    return _is_same(result, "classification") and _is_same(result, "severity")


def _is_missed(result: Result) -> bool:
    """Return whether an outage was dropped or called less than one."""
    return (result.answer["classification"], result.answer["severity"]) != ("real", "P0")
