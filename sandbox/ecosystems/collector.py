"""Names of tests that mean the same test in every run, whatever directory and process it ran in."""

import re
from collections import Counter

from sandbox.contract import WORK, Outcome
from sandbox.ecosystems.contract import ParsedReport
from sandbox.output import readable, shortened

FAILURE_CHARACTERS = 4000

_OBJECT_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


class Collector:
    """Gathers the tests of one report; the second test with a name gets a number, so that losing one shows."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")
        self._seen: Counter[str] = Counter()
        self._tests: dict[str, Outcome] = {}
        self._failures: dict[str, str] = {}

    def add(self, path: str, name: str, outcome: Outcome, message: str = "") -> None:
        test_id = self._normalised(f"{self._relative(path)}::{name}")
        self._seen[test_id] += 1
        if self._seen[test_id] > 1:
            test_id = f"{test_id} ({self._seen[test_id]})"
        self._tests[test_id] = outcome
        if outcome == "failed":
            self._failures[test_id] = shortened(readable(message).replace(self._root, WORK), FAILURE_CHARACTERS)

    def parsed(self) -> ParsedReport:
        return ParsedReport(self._tests, self._failures)

    def _relative(self, path: str) -> str:
        return path.removeprefix(f"{self._root}/").removeprefix(f"{WORK}/")

    def _normalised(self, test_id: str) -> str:
        return _OBJECT_ADDRESS.sub("0x...", readable(test_id).replace(self._root, WORK))
