"""The suites by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evals.fixes.case import CASES
from evals.golden.case import Split
from evals.suites.contract import Suite
from evals.suites.fixes import FixSuite
from evals.suites.grounding import GroundingSuite
from evals.suites.injection import InjectionSuite
from evals.suites.triage import TriageSuite


@dataclass(frozen=True)
class Selection:
    """Which part of a suite's material is wanted."""

    split: Split | None = None
    fix_cases: Path = CASES


SUITES: dict[str, Callable[[Selection], Suite]] = {
    "triage": lambda selection: TriageSuite(selection.split),
    "grounding": lambda selection: GroundingSuite(),
    "injection": lambda selection: InjectionSuite(),
    "fixes": lambda selection: FixSuite(selection.fix_cases),
}
