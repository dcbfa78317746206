"""A run's budget: asked before a call, paid from after it, whatever the threads do."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from agents.runtime.contract import Reply, Usage
from agents.tests.scripted import ScriptedModel
from core.budget import BudgetExceeded, ReplyLost
from core.errors import Unavailable
from evals.purse import MeteredModel, Purse

CALL = {"system": "", "messages": [], "tools": [], "tool_choice": {}, "max_tokens": 1, "on_text": print}


class Priced(ScriptedModel):
    """Costs 0.30 USD a call, and could cost 0.50."""

    def reply(self, **call: object) -> Reply:
        return Reply([], "end_turn", Usage(), Decimal("0.30"), self.name)


class Broken(ScriptedModel):
    def reply(self, **call: object) -> Reply:
        raise Unavailable("anthropic", "away")


class Interrupted(ScriptedModel):
    def reply(self, **call: object) -> Reply:
        raise ReplyLost("anthropic", "broke off", lost_usd=Decimal("0.40"))


def spend(model: MeteredModel, purse: Purse) -> None:
    with purse.set_aside(Decimal("0.50")):
        model.reply(**CALL)


def test_calls_are_paid_until_the_next_one_could_be_too_much() -> None:
    purse = Purse(Decimal(1))
    model = MeteredModel(Priced([]), purse)

    spend(model, purse)
    spend(model, purse)
    with pytest.raises(BudgetExceeded, match=r"0\.60 are spent"):
        spend(model, purse)

    assert model.cost_usd == purse.spent_usd == Decimal("0.60")


def test_threads_do_not_spend_the_same_money_twice() -> None:
    purse = Purse(Decimal("2.00"))

    def one_call(_number: int) -> bool:
        try:
            spend(MeteredModel(Priced([]), purse), purse)
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(one_call, range(40)))

    assert purse.spent_usd == Decimal("0.30") * done <= Decimal("2.00")


def test_a_call_that_fails_gives_back_what_was_set_aside() -> None:
    purse = Purse(Decimal("0.60"))
    with pytest.raises(Unavailable):
        spend(MeteredModel(Broken([]), purse), purse)

    spend(MeteredModel(Priced([]), purse), purse)

    assert purse.spent_usd == Decimal("0.30")


def test_what_an_answer_that_broke_off_may_have_cost_is_spent() -> None:
    purse = Purse(Decimal("0.80"))
    model = MeteredModel(Interrupted([]), purse)
    with pytest.raises(ReplyLost):
        spend(model, purse)

    with pytest.raises(BudgetExceeded, match=r"0\.40 are spent"):
        spend(model, purse)

    assert model.cost_usd == Decimal("0.40")
