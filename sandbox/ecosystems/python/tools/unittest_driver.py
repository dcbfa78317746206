"""Run unittest and write one JSON report: `unittest_driver.py REPORT [unittest's words ...]`.

Runs inside the sandbox with the repository's own Python, so it uses the standard library only.
"""

import json
import sys
import traceback
import unittest
from pathlib import Path
from typing import Any


class Recorded(unittest.TextTestResult):
    """Keeps what happened to each test; a subtest that fails fails its test."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.found: dict[str, dict[str, Any]] = {}

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().startTest(test)
        self._keep(test, "passed")

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        self._keep(test, "failed", err)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self._keep(test, "failed", err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        self._keep(test, "skipped")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self._keep(test, "failed")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._keep(test, "failed", err)

    def _keep(self, test: unittest.TestCase, outcome: str, error: Any = None) -> None:
        message = "".join(traceback.format_exception(*error)) if error else ""
        file, name = _file_and_name(test)
        self.found[f"{file}::{name}"] = {"file": file, "name": name, "outcome": outcome, "message": message}


def _file_and_name(test: unittest.TestCase) -> tuple[str, str | None]:
    identity = test.id()
    if type(test).__name__ == "_FailedTest":
        # A module that cannot be imported: its dotted name is all there is.
        return identity.removeprefix("unittest.loader._FailedTest.").replace(".", "/") + ".py", None
    if type(test).__name__ == "_ErrorHolder":
        # "setUpClass (tests.test_a.TestA)"
        place = identity.partition("(")[2].rstrip(")")
        module = sys.modules.get(place.rpartition(".")[0]) or sys.modules.get(place)
        return str(getattr(module, "__file__", place)), identity
    module = sys.modules[type(test).__module__]
    return str(module.__file__), identity.removeprefix(f"{type(test).__module__}.")


def _named(words: list[str]) -> list[str]:
    """Return unittest's words with files as modules, which is all that it understands."""
    return [
        word.removesuffix(".py").replace("/", ".") if word.endswith(".py") and Path(word).is_file() else word
        for word in words
    ]


def main(arguments: list[str]) -> None:
    """Run the tests and leave the report at the first argument."""
    report, words = Path(arguments[0]), _named(arguments[1:])
    sys.path.insert(0, str(Path.cwd()))
    kept: list[Recorded] = []

    class Runner(unittest.TextTestRunner):
        def _makeResult(self) -> Recorded:  # noqa: N802
            kept.append(Recorded(self.stream, self.descriptions, self.verbosity))
            return kept[-1]

    program = unittest.main(module=None, argv=["unittest", *words], testRunner=Runner, exit=False)
    report.write_text(json.dumps({"tests": list(kept[0].found.values())}))
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main(sys.argv[1:])
