"""Run the guard over a case as the pipeline does, and say whether it did right."""

from dataclasses import dataclass
from pathlib import Path

from agents.diagnosis.handoff import Diagnosis
from agents.fix.edits import patch_from
from agents.grounding.guard import check_diagnosis, check_fix
from agents.grounding.index import SymbolIndex
from agents.grounding.suite.cases import Case


@dataclass(frozen=True)
class Judged:
    """A case and every sentence with which the guard refused it; none means that it was let through."""

    case: Case
    problems: tuple[str, ...]

    @property
    def is_refused(self) -> bool:
        return bool(self.problems)

    @property
    def is_right(self) -> bool:
        """True if a true case passed, and a fabricated one was refused for what was made up."""
        if not self.case.is_fabricated:
            return not self.is_refused
        return any(self.case.planted in problem for problem in self.problems)


def judged(case: Case, *, index: SymbolIndex, checkout: Path) -> Judged:
    """Return what the guard says of `case` in its repository at `checkout`."""
    output = case.output
    if isinstance(output, Diagnosis):
        problems = check_diagnosis(
            output,
            index=index,
            log_event_ids=case.log_event_ids,
            commits=case.commits,
            known_words=case.known_words,
        )
    else:
        patch = patch_from(output, checkout=checkout)
        problems = check_fix(
            patch, index=index, checkout=checkout, rationale=output.rationale, known_words=case.known_words
        )
    return Judged(case, tuple(problems))
