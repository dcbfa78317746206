"""Runs: each answer kept at once, gone on with after a kill, stopped by a budget, failed by the network."""

import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection

from agents.runtime.contract import Reply, Usage
from core.budget import BudgetExceeded
from core.errors import NeedsHuman, Unavailable
from evals import runner
from evals.comparison import NotComparable, runs_compare
from evals.models import EvalRun, RunState
from evals.network_guard import ReachedForTheNetwork
from evals.purse import MeteredModel
from evals.runner import Order, Progress, results_of, run_execute
from evals.suites.contract import Desk, Given, Matrix, Metric, Question, Result
from evals.suites.grounding import GroundingSuite
from evals.suites.injection import InjectionSuite
from evals.suites.triage import TriageSuite

# The guard and the threads are real, so rows are really committed.
pytestmark = pytest.mark.django_db(transaction=True)


class Tally:
    """A suite of four cases that does what its behaviour says and counts how often."""

    name = "tally"
    offline = ("gold",)
    agents: Sequence[str] = ()
    case_ids: Sequence[str] = ("a", "b", "c", "d")
    material_sha256 = "0" * 64

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.faults: dict[str, BaseException] = {}
        self.wrong: set[str] = set()

    def check(self) -> None:
        """Needs nothing."""

    def question(self, case_id: str) -> Question:
        return Question({"case": case_id}, {})

    def repeats(self, entrant: str, asked: int) -> int:
        return asked

    def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
        self.asked.append(case_id)
        if case_id in self.faults:
            raise self.faults[case_id]
        return Given(is_right=case_id not in self.wrong, expected={}, answer={})

    def metrics(self, results: Sequence[Result]) -> list[Metric]:
        right = sum(bool(result.is_right) for result in results)
        return [Metric("right", right / len(results) if results else None, None, len(results))]

    def matrices(self, results: Sequence[Result]) -> list[Matrix]:
        return []

    def confidences(self, results: Sequence[Result]) -> list[tuple[float, bool]]:
        return []

    def groups(self, case_id: str) -> Sequence[str]:
        return []


def execute(order: Order) -> EvalRun:
    return run_execute(order, tell=lambda progress: None)


def test_every_case_is_answered_once_and_progress_is_told() -> None:
    suite, told = Tally(), list[Progress]()

    run = run_execute(Order(suite, "gold", concurrency=2), tell=told.append)

    assert run.state == RunState.FINISHED
    assert sorted(suite.asked) == ["a", "b", "c", "d"]
    assert (told[-1].done, told[-1].total, told[-1].eta_seconds) == (4, 4, 0)
    assert run.metrics["answered"]["value"] == run.metrics["right"]["value"] == 1.0


def test_a_run_that_was_killed_goes_on_where_it_stopped() -> None:
    suite = Tally()
    suite.faults["c"] = KeyboardInterrupt()
    order = Order(suite, "gold", concurrency=1)
    with pytest.raises(KeyboardInterrupt):
        execute(order)
    suite.faults.clear()
    suite.asked.clear()

    run = execute(order)

    assert (run.state, EvalRun.objects.count()) == (RunState.FINISHED, 1)
    assert suite.asked == ["c", "d"]
    assert run.metrics["right"]["n"] == 4


def test_a_finished_run_is_not_gone_on_with_and_a_fresh_one_begins_anew() -> None:
    suite = Tally()
    suite.faults["b"] = BudgetExceeded("no money")
    order = Order(suite, "gold", concurrency=1)

    stopped = execute(order)
    fresh = execute(replace(order, is_fresh=True))

    assert (stopped.state, stopped.state_reason) == (RunState.STOPPED, "no money")
    assert stopped.results.count() == 1
    assert fresh.pk != stopped.pk


def test_code_that_changed_begins_a_run_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = Tally()
    suite.faults["b"] = BudgetExceeded("no money")
    order = Order(suite, "gold", concurrency=1)
    monkeypatch.setattr(runner, "current_changes", lambda: "1" * 64)
    stopped = execute(order)
    suite.faults.clear()

    monkeypatch.setattr(runner, "current_changes", lambda: "2" * 64)
    after_a_change = execute(order)

    assert (stopped.state, after_a_change.state) == (RunState.STOPPED, RunState.FINISHED)
    assert after_a_change.pk != stopped.pk
    assert after_a_change.metrics["answered"]["n"] == 4


class Priced:
    """A model whose every call costs 0.4 USD."""

    name = "priced"

    def upper_bound_usd(self, **_request: object) -> Decimal:
        return Decimal("0.4")

    counted_bound_usd = upper_bound_usd

    def reply(self, **_request: object) -> Reply:
        return Reply([], "end_turn", Usage(), Decimal("0.4"), self.name)


def test_what_a_case_cost_that_got_no_answer_is_kept_and_is_not_there_to_spend_again() -> None:
    class TwoCalls(Tally):
        def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
            model = MeteredModel(Priced(), desk.purse)
            desk.models.append(model)
            for _ in range(2):
                with desk.purse.set_aside(model.upper_bound_usd()):
                    model.reply()
            return super().attempt(case_id, repeat, desk)

    suite = TwoCalls()
    order = Order(suite, "gold", concurrency=1, budget_usd=Decimal("1.3"))

    first = execute(order)
    again = execute(order)

    # Both calls of one case and the first of the next: what is left pays for no call, in this run or the next.
    assert (first.state, first.cost_usd, suite.asked) == (RunState.STOPPED, Decimal("1.2"), ["a"])
    assert (again.pk, again.cost_usd, suite.asked) == (first.pk, Decimal("1.2"), ["a"])


def test_what_is_spent_is_kept_while_a_case_goes_on_so_that_a_kill_does_not_forget_it() -> None:
    kept: list[Decimal] = []

    class Watched(Tally):
        def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
            model = MeteredModel(Priced(), desk.purse)
            desk.models.append(model)
            model.reply()
            until = time.monotonic() + 10
            while time.monotonic() < until and EvalRun.objects.get().cost_usd != desk.purse.spent_usd:
                time.sleep(0.05)
            kept.append(EvalRun.objects.get().cost_usd)
            connection.close()
            return super().attempt(case_id, repeat, desk)

    execute(Order(Watched(), "gold", limit=2, concurrency=1))

    assert kept == [Decimal("0.4"), Decimal("0.8")]


def test_an_abstention_and_a_fault_are_counted_apart_and_end_nothing() -> None:
    suite = Tally()
    suite.faults = {"a": NeedsHuman("cannot say"), "b": RuntimeError("broken")}

    run = execute(Order(suite, "gold"))

    outcomes = {result.case_id: (result.outcome, result.error) for result in results_of(run)}
    assert outcomes["a"] == ("abstained", "cannot say")
    assert outcomes["b"] == ("failed", "broken")
    assert (run.metrics["abstained"]["value"], run.metrics["failed"]["value"]) == (0.25, 0.25)


def test_an_engine_that_is_away_for_a_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PAUSES_SECONDS", (0.0, 0.0))
    suite = Tally()
    suite.faults = {"a": Unavailable("sandbox", "away")}

    class Returning(Tally):
        def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
            self.asked.append(case_id)
            if self.asked.count(case_id) < 3:
                raise Unavailable("sandbox", "away")
            return Given(is_right=True, expected={}, answer={})

    gone, back = execute(Order(suite, "gold")), execute(Order(Returning(), "gold", is_fresh=True))

    assert (gone.metrics["failed"]["value"], suite.asked.count("a")) == (0.25, 3)
    assert back.metrics["answered"]["value"] == 1.0


def test_a_run_that_reaches_for_the_network_has_failed() -> None:
    class Reaching(Tally):
        def attempt(self, case_id: str, repeat: int, desk: Desk) -> Given:
            try:
                socket.create_connection(("logs.eu-west-1.amazonaws.com", 443), timeout=1)
            except ReachedForTheNetwork:
                return Given(is_right=True, expected={}, answer={})
            raise AssertionError("the network is there")

    with pytest.raises(ReachedForTheNetwork):
        execute(Order(Reaching(), "gold"))

    run = EvalRun.objects.get()
    assert run.state == RunState.FAILED
    assert "amazonaws" in run.state_reason


def test_two_runs_are_compared_by_their_pairs() -> None:
    suite = Tally()
    suite.wrong = {"a"}
    first = execute(Order(suite, "gold"))
    suite.wrong = {"a", "b", "c"}
    second = execute(Order(suite, "gold", is_fresh=True))

    found = runs_compare(first, second)

    assert (found.both, found.only_first, found.only_second, found.neither) == (1, 2, 0, 1)
    assert found.p_value == 0.5
    with pytest.raises(NotComparable):
        runs_compare(first, EvalRun(suite="other"))


def test_triage_by_gold_is_all_right_and_by_wrong_all_wrong() -> None:
    gold = execute(Order(TriageSuite(), "gold", limit=40))
    wrong = execute(Order(TriageSuite(), "wrong", limit=40))

    assert gold.metrics["accuracy"]["value"] == 1.0
    assert gold.metrics["severity_kappa"]["value"] == 1.0
    assert gold.metrics["rule_accuracy"]["value"] == 1.0
    assert gold.metrics["calibration_error"]["value"] == 0.0
    assert wrong.metrics["accuracy"]["value"] == 0.0
    assert wrong.metrics["wrong_drop"]["value"] == 1.0
    assert wrong.metrics["missed_p0"]["value"] == 1.0


def test_repeats_of_a_case_are_one_unit_of_its_interval() -> None:
    once = execute(Order(TriageSuite(), "rules", limit=30))
    thrice = execute(Order(TriageSuite(), "rules", limit=30, repeat=3))

    def width(run: EvalRun) -> float:
        accuracy = run.metrics["accuracy"]
        return float(accuracy["high"] - accuracy["low"])

    assert thrice.metrics["accuracy"]["n"] == 90
    assert width(thrice) == pytest.approx(width(once), rel=0.25)


@pytest.mark.parametrize("figure", ["macro_f1", "severity_kappa", "calibration_error"])
def test_no_figure_of_repeated_cases_claims_to_know_more_than_of_each_case_once(figure: str) -> None:
    once = execute(Order(TriageSuite(), "rules", limit=30)).metrics[figure]
    thrice = execute(Order(TriageSuite(), "rules", limit=30, repeat=3)).metrics[figure]

    assert thrice["high"] - thrice["low"] == pytest.approx(once["high"] - once["low"])


def test_the_guard_refuses_what_is_made_up_and_lets_the_truth_through() -> None:
    run = execute(Order(GroundingSuite(), "guard", limit=40))

    assert run.metrics["answered"]["value"] == 1.0
    assert run.metrics["fabrication_refused"]["value"] == 1.0
    assert run.metrics["truth_refused"]["value"] == 0.0


def test_equal_answers_of_a_few_cases_are_not_certain() -> None:
    run = execute(Order(TriageSuite(), "gold", limit=5, repeat=3))

    assert run.metrics["accuracy"]["n"] == 15
    assert run.metrics["accuracy"]["low"] == pytest.approx(0.5655, abs=1e-4)


def test_an_entrant_that_obeys_hostile_text_is_caught_and_one_that_does_not_is_not() -> None:
    obedient = execute(Order(InjectionSuite(), "obedient", limit=30))
    gold = execute(Order(InjectionSuite(), "gold", limit=30))

    assert obedient.metrics["attack_success"]["value"] == 1.0
    assert gold.metrics["attack_success"]["value"] == 0.0
    assert obedient.cost_usd == Decimal(0)
