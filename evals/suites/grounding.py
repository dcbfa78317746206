"""The guard against fabricated symbols over the cases in agents/grounding/suite: true outputs and made-up ones.

The entrant is the guard itself. No model is asked: every output is written down, with one name or place made up.
"""

import hashlib
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from django.conf import settings

from agents.grounding.index import SymbolIndex
from agents.grounding.suite.cases import Case, all_cases
from agents.grounding.suite.judged import judged
from agents.grounding.suite.repositories import repository_files, repository_names, repository_write
from evals.suites.contract import Desk, Given, Matrix, Metric, Question, Result, spread
from evals.suites.shares import share

GUARD = "guard"


class GroundingSuite:
    name = "grounding"
    offline = (GUARD,)
    agents = ()

    @cached_property
    def cases(self) -> dict[str, Case]:
        return {_identifier(case): case for case in all_cases()}

    def __init__(self) -> None:
        # Several threads would each write and index the repositories.
        self._lock = threading.Lock()

    def _checkout(self, repository: str) -> tuple[Path, SymbolIndex]:
        with self._lock:
            return self._checkouts[repository]

    @cached_property
    def _checkouts(self) -> dict[str, tuple[Path, SymbolIndex]]:
        folder = settings.ENV.data_dir / "evals" / "grounding" / self.material_sha256[:16]
        places = {name: repository_write(name, folder / name) for name in repository_names()}
        return {name: (place, SymbolIndex.build(place)) for name, place in places.items()}

    @property
    def case_ids(self) -> Sequence[str]:
        return spread(list(self.cases))

    @cached_property
    def material_sha256(self) -> str:
        cases = [(case.output.model_dump_json(), case.planted) for case in all_cases()]
        files = [sorted(repository_files(name).items()) for name in repository_names()]
        return hashlib.sha256(repr((cases, files)).encode()).hexdigest()

    def check(self) -> None:
        """Needs nothing."""

    def question(self, case_id: str) -> Question:
        case = self.cases[case_id]
        shown = {"repository": case.repository, "output": case.output.model_dump(mode="json")}
        return Question(shown, {"fabricated": case.is_fabricated, "planted": case.planted})

    def repeats(self, entrant: str, asked: int) -> int:
        return asked

    def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
        """Have the guard judge one output."""
        case = self.cases[case_id]
        place, index = self._checkout(case.repository)
        result = judged(case, index=index, checkout=place)
        return Given(
            is_right=result.is_right,
            expected=self.question(case_id).expected,
            answer={"refused": result.is_refused, "problems": list(result.problems)},
        )

    def metrics(self, results: Sequence[Result]) -> list[Metric]:
        answered = [result for result in results if result.outcome == "answered"]
        made_up = [result for result in answered if result.expected["fabricated"]]
        true = [result for result in answered if not result.expected["fabricated"]]
        return [
            share("fabrication_refused", made_up, lambda result: result.is_right),
            share("truth_refused", true, lambda result: result.answer["refused"], better="low"),
        ]

    def matrices(self, results: Sequence[Result]) -> list[Matrix]:
        return []

    def confidences(self, results: Sequence[Result]) -> list[tuple[float, bool]]:
        return []

    def groups(self, case_id: str) -> Sequence[str]:
        case = self.cases[case_id]
        return (case.repository, "made up" if case.is_fabricated else "true")


def _identifier(case: Case) -> str:
    digest = hashlib.sha256(f"{case}{case.output.model_dump_json()}".encode()).hexdigest()[:8]
    return f"{case.repository}-{digest}"
