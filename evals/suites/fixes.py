"""Diagnosis and fix over the cases in evals/fixes: what the sandbox says, and what hidden tests say of it."""

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from agents.diagnosis.agent import diagnose
from agents.diagnosis.context import DiagnosisContext
from agents.diagnosis.handoff import CausalStep, Citation, Diagnosis, Hypothesis, Location
from agents.fix.agent import ProposedFix, propose_fix
from agents.fix.context import FixContext, PreviousAttempt
from agents.grounding.kept import index_for
from agents.runtime.contract import Model
from core.errors import PlatformError
from core.patch import Patch
from evals.fixes.case import CASES, LOG_EVENT_ID, FixCase, fix_cases, material_sha256
from evals.fixes.repository import checkout_of
from evals.played import played
from evals.suites.contract import CannotBegin, Desk, Given, Matrix, Metric, Question, Result, spread
from evals.suites.shares import share
from integrations.codehost import Checkout
from sandbox.baseline import baseline_measure, run_with_second_chance
from sandbox.contract import Baseline, Prepared, RunReport, Sandbox, SandboxUnavailable, TrialReport
from sandbox.runners import configured, describe
from sandbox.trial import try_fix

SHOWN_TESTS = 5


class UnsoundCase(PlatformError):
    """The case itself is broken: its hidden tests do not fail before the fix, or no other test passes there."""


class FixSuite:
    name = "fixes"
    offline = ("gold", "wrong")
    agents = ("diagnosis", "fix")

    def __init__(self, folder: Path = CASES) -> None:
        self._folder = folder
        self._baselines: dict[str, Baseline] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @cached_property
    def cases(self) -> dict[str, FixCase]:
        return {case.id: case for case in fix_cases(self._folder)}

    @property
    def case_ids(self) -> Sequence[str]:
        return spread(list(self.cases))

    @property
    def material_sha256(self) -> str:
        return material_sha256(list(self.cases.values()))

    def check(self) -> None:
        """Raise CannotBegin where no tests of these repositories may run."""
        try:
            sandbox, why = configured(), describe()
        except SandboxUnavailable as error:
            raise CannotBegin(f"the suite {self.name} cannot begin: {error}") from error
        if not sandbox.is_isolated and not settings.ENV.sandbox_allow_unisolated:
            raise CannotBegin(
                f"the suite {self.name} needs a container engine: {why}, which is refused for its repositories. "
                "Set DOCKER_HOST, or SANDBOX_ALLOW_UNISOLATED=1 if you trust them."
            )

    def question(self, case_id: str) -> Question:
        case = self.cases[case_id]
        shown = {"title": case.title, "log": case.log, "files": case.all_files}
        place = case.location.model_dump() if case.location else {}
        return Question(shown, {"resolved": True, "location": place, "root_cause": case.root_cause})

    def repeats(self, entrant: str, asked: int) -> int:
        """`wrong` plays each of the two wrong patches."""
        return 2 if entrant == "wrong" else asked

    def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
        case = self.cases[case_id]
        sandbox = configured()
        checkout = checkout_of(case, settings.ENV.data_dir / "evals" / "repositories")
        prepared = sandbox.prepare(checkout.path, repository=case.repository, test_command=case.test_command)
        baseline = self._baseline(case, sandbox, prepared)
        if desk.entrant == "gold" and case.gold_files is not None:
            # An imported patch brings no test of its own, so no trial can judge it: the hidden tests do.
            patch = Patch(case.gold_files)
            return self._given(case, None, None, 0, self._not_passed(case, sandbox, prepared, patch, baseline))
        offline = self._offline(case, desk.entrant, repeat, checkout)
        diagnosis = diagnose(
            DiagnosisContext(alarm=case.facts, triage=case.triage, evidence=case.evidence),
            desk.session("diagnosis", offline("diagnosis")),
            checkout=checkout,
        )
        rounds = 1 if desk.entrant in self.offline else int(settings.ENV.pipeline_fix_rounds)
        proposed, report, number = _rounds(
            case, desk, diagnosis, checkout, sandbox, prepared, baseline, rounds=rounds, offline=offline("fix")
        )
        not_passed = self._not_passed(case, sandbox, prepared, proposed.patch, baseline)
        if desk.entrant == "gold":
            self._check_hidden_tests_fail_before(case, sandbox, prepared)
        return self._given(case, diagnosis, report, number, not_passed)

    def _given(
        self,
        case: FixCase,
        diagnosis: Diagnosis | None,
        report: TrialReport | None,
        rounds: int,
        not_passed: list[str],
    ) -> Given:
        place, found = case.location, diagnosis.location if diagnosis else None
        answer: dict[str, Any] = {
            "resolved": not not_passed,
            "not_passed": not_passed[:SHOWN_TESTS],
            "verdict": report.verdict if report else "",
            "reason": report.reason if report else "",
            "rounds": rounds,
            "file_hit": found.path == place.path if found and place else None,
            "function_hit": (found.path, found.function) == (place.path, place.function)
            if found and place
            else None,
        }
        return Given(is_right=not not_passed, expected=self.question(case.id).expected, answer=answer)

    def _baseline(self, case: FixCase, sandbox: Sandbox, prepared: Prepared) -> Baseline:
        """Return how the case's tests stand before any change, measured once."""
        with self._lock:
            lock = self._locks.setdefault(case.id, threading.Lock())
        with lock:
            if case.id not in self._baselines:
                report = baseline_measure(sandbox, prepared)
                if "passed" not in (report.tests or {}).values():
                    raise UnsoundCase(f"{case.id}: no test passes before the fix: {report.output[-800:]}")
                self._baselines[case.id] = report
            return self._baselines[case.id]

    def _not_passed(
        self, case: FixCase, sandbox: Sandbox, prepared: Prepared, patch: Patch, baseline: Baseline
    ) -> list[str]:
        """Return the hidden tests that do not pass with the patch, and those that it lost."""
        report, _ = run_with_second_chance(sandbox, prepared, case.with_hidden_tests(patch))
        if report.no_verdict:
            return [_without_verdict(report)]
        after = report.tests or {}
        hidden = [test for test in after if test.partition("::")[0] in case.hidden]
        wanted = case.fail_to_pass or hidden or [f"no test of {', '.join(case.hidden)} ran"]
        kept = case.pass_to_pass or [
            test for test, outcome in (baseline.tests or {}).items() if outcome == "passed"
        ]
        return [test for test in [*wanted, *kept] if after.get(test) != "passed"]

    def _check_hidden_tests_fail_before(self, case: FixCase, sandbox: Sandbox, prepared: Prepared) -> None:
        report, _ = run_with_second_chance(sandbox, prepared, Patch(case.hidden))
        if report.no_verdict:
            raise UnsoundCase(f"{case.id}: {_without_verdict(report, ' before the fix')}")
        before = report.tests or {}
        hidden = {test: outcome for test, outcome in before.items() if test.partition("::")[0] in case.hidden}
        if "failed" not in hidden.values():
            raise UnsoundCase(f"{case.id}: the hidden tests pass before the fix, so they show nothing")

    def _offline(
        self, case: FixCase, entrant: str, repeat: int, checkout: Checkout
    ) -> Callable[[str], Model | None]:
        """Return what plays each agent for an offline entrant, and None for each agent of a paid one."""
        if entrant not in self.offline or case.patches is None:
            return lambda _agent: None
        text = case.patches.gold if entrant == "gold" else case.patches.wrong[repeat - 1]
        outputs = {"diagnosis": right_diagnosis(case, checkout), "fix": case.proposal(text)}
        return lambda agent: played(entrant, outputs[agent])

    def metrics(self, results: Sequence[Result]) -> list[Metric]:
        answered = [result for result in results if result.outcome == "answered"]
        green = [result for result in answered if result.answer["verdict"] == "fixed"]
        placed = [result for result in answered if result.answer["file_hit"] is not None]
        rounds = [int(result.answer["rounds"]) for result in answered if result.answer["rounds"]]
        mean_rounds = sum(rounds) / len(rounds) if rounds else None
        return [
            share("resolved", answered, lambda result: result.answer["resolved"]),
            share("own_tests_green", answered, lambda result: result.answer["verdict"] == "fixed"),
            share("false_green", green, lambda result: not result.answer["resolved"], better="low"),
            share("file_hit", placed, lambda result: result.answer["file_hit"]),
            share("function_hit", placed, lambda result: result.answer["function_hit"]),
            Metric("rounds", mean_rounds, None, len(rounds), "low", "number"),
        ]

    def matrices(self, results: Sequence[Result]) -> list[Matrix]:
        return []

    def confidences(self, results: Sequence[Result]) -> list[tuple[float, bool]]:
        return []

    def groups(self, case_id: str) -> Sequence[str]:
        case = self.cases[case_id]
        return (case.ecosystem, case.framework)


def _without_verdict(report: RunReport, when: str = "") -> str:
    return f"the run of the hidden tests{when} gave no verdict: {report.no_verdict}"


def right_diagnosis(case: FixCase, checkout: Checkout) -> Diagnosis:
    """Return the diagnosis that the case's author would hand in: it passes the guard as any other."""
    place = case.location
    if place is None:
        raise UnsoundCase(f"{case.id}: names no location")
    definitions = [
        found
        for found in index_for(checkout).definitions_in(place.path)
        if place.function in (found.name, found.qualified_name)
    ]
    if not definitions:
        raise UnsoundCase(f"{case.id}: {place.path} defines no {place.function}")
    lines = definitions[0]
    location = Location(
        path=place.path, function=place.function, line_start=lines.line_start, line_end=lines.line_end
    )
    return Diagnosis(
        title=case.title,
        root_cause=case.root_cause,
        location=location,
        causal_chain=[
            CausalStep(
                claim=case.root_cause,
                citation=Citation(kind="code", reference=f"{place.path}:{lines.line_start}-{lines.line_end}"),
            ),
            CausalStep(
                claim="The service logs the crash.", citation=Citation(kind="log_event", reference=LOG_EVENT_ID)
            ),
        ],
        hypotheses=[Hypothesis(statement=case.root_cause, verdict="confirmed", because="The code shows it.")],
        confidence=1.0,
    )


def _rounds(
    case: FixCase,
    desk: Desk,
    diagnosis: Diagnosis,
    checkout: Checkout,
    sandbox: Sandbox,
    prepared: Prepared,
    baseline: Baseline,
    *,
    rounds: int,
    offline: Model | None,
) -> tuple[ProposedFix, TrialReport, int]:
    """Return the first fix that passes its trial, or the last one tried."""
    previous: list[PreviousAttempt] = []
    for number in range(1, rounds + 1):
        context = FixContext(
            alarm=case.facts,
            diagnosis=diagnosis,
            attempt=number,
            candidate=1,
            test_framework=prepared.ecosystem,
            previous=previous,
        )
        proposed = propose_fix(context, desk.session("fix", offline), checkout=checkout)
        report = try_fix(sandbox, prepared, proposed.patch, baseline=baseline)
        if report.verdict == "fixed" or number == rounds:
            return proposed, report, number
        previous.append(
            PreviousAttempt(
                diff=proposed.patch.diff(checkout.path),
                verdict=report.verdict,
                reason=report.reason,
                failing_output=report.failing_output,
            )
        )
    raise UnsoundCase("no round of fixing is allowed: raise PIPELINE_FIX_ROUNDS")
