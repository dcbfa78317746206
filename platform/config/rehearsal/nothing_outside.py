"""What answers at once in the place of model, sandbox and CloudWatch: what is left is the platform's own."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.model import Reply
from core.patch import Patch
from core.test_paths import is_test_path
from evals.rehearsal.parcels import MODEL_SCRIPT
from integrations.anthropic.script import Script, load_script
from integrations.anthropic.scripted import ScriptedModel
from integrations.cloudwatch.log_search import FoundLogs
from pipeline import facts, fixes, preparation, sessions
from sandbox.contract import Prepared, RunReport

OLD_TEST = "tests/weight.test.js::weighs"


class NullSandbox:
    """Answers as a sandbox would for a right fix, without running anything, after `seconds`."""

    name = "null"
    is_isolated = True
    not_promised: tuple[str, ...] = ()

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def prepare(self, checkout: Path, *, repository: str, test_command: str = "", image: str = "") -> Prepared:
        return Prepared(
            checkout=checkout,
            ecosystem="node:test",
            command=("true",),
            runner=self.name,
            dependencies="none",
            is_isolated=True,
            from_cache=True,
            seconds=0.0,
        )

    def run(self, prepared: Prepared, patch: Patch, *, only: Sequence[str] = (), room: float = 1.0) -> RunReport:
        """Pass every test, but for one that comes without the fix that it needs."""
        time.sleep(self._seconds)
        has_fix = any(not is_test_path(path) for path in patch.files)
        tests: dict[str, Any] = {OLD_TEST: "passed"}
        for path in patch.files:
            if is_test_path(path):
                tests[f"{path}::weighs nothing"] = "passed" if has_fix else "failed"
        return RunReport(exit_code=0 if has_fix or not patch else 1, tests=tests, output="", runner=self.name)


class UnhurriedModel(ScriptedModel):
    """Plays the script, and takes `seconds` for each turn."""

    def __init__(self, script: Script, seconds: float) -> None:
        super().__init__(script)
        self._seconds = seconds

    def reply(self, **request: Any) -> Reply:
        time.sleep(self._seconds)
        return super().reply(**request)


class NullCloudWatch:
    """Knows of nothing that was logged."""

    def log_events(self, *_alarm: object, **_where: object) -> FoundLogs:
        return FoundLogs(events=[], log_groups=[], filter_pattern="")


def outside_replace(
    put: Callable[[object, str, object], None] = setattr, *, turn_seconds: float = 0.0, test_seconds: float = 0.0
) -> None:
    """Put nothing into the place of everything outside, for as long as the process lives or `put` says.

    It takes `turn_seconds` for each answer of the model and `test_seconds` for each run of tests.
    """
    model = UnhurriedModel(load_script(MODEL_SCRIPT), turn_seconds)
    sandbox, cloudwatch = NullSandbox(test_seconds), NullCloudWatch()
    put(sessions, "messages_model", lambda _name: model)
    for room in (preparation, fixes):
        put(room, "configured", lambda: sandbox)
    put(facts, "cloudwatch", lambda _region: cloudwatch)
