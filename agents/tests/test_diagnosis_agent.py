import pytest

from agents.diagnosis.agent import diagnose
from agents.diagnosis.context import DiagnosisContext
from agents.grounding.guard import GroundingRefused
from agents.tests.repositories import commits_of
from agents.tests.scripted import session_of, submission
from agents.tests.stories import ALARM, EVIDENCE, a_diagnosis, a_triage
from agents.tools.verify_symbol import VerifySymbol, VerifySymbolArguments
from integrations.codehost import Checkout

CONTEXT = DiagnosisContext(alarm=ALARM, triage=a_triage(), evidence=EVIDENCE)


def test_the_tools_answer_from_the_repository_and_the_diagnosis_is_handed_on(checkout: Checkout) -> None:
    session, model = session_of(
        [
            ("search_code", {"pattern": "lines.reduce"}),
            ("read_file", {"path": "src/total.js"}),
            ("verify_symbol_in_repo", {"name": "showOrder"}),
            ("git_log", {"path": "src/total.js"}),
            ("git_show", {"commit": commits_of(checkout)[1]}),
        ],
        submission("diagnosis", a_diagnosis()),
    )

    assert diagnose(CONTEXT, session, checkout=checkout) == a_diagnosis()

    results = model.heard(1)
    assert "src/total.js:2:" in results
    assert "lines 1-5 of 5" in results
    assert "src/routes/orders.js:3 function showOrder" in results
    assert "commit 1" in results
    assert "String(order.id)" in results


def test_a_function_that_does_not_exist_goes_back_to_the_model(checkout: Checkout) -> None:
    session, model = session_of(
        submission("diagnosis", a_diagnosis(function="computeTotal")), submission("diagnosis", a_diagnosis())
    )

    assert diagnose(CONTEXT, session, checkout=checkout).location.function == "total"
    assert "computeTotal" in model.heard(1)


def test_a_model_that_keeps_naming_what_does_not_exist_is_refused(checkout: Checkout) -> None:
    session, _ = session_of(*[submission("diagnosis", a_diagnosis(citation="src/total.js:99"))] * 3)

    with pytest.raises(GroundingRefused, match="99"):
        diagnose(CONTEXT, session, checkout=checkout)


def test_a_wrong_path_is_told_with_near_ones_and_the_run_goes_on(checkout: Checkout) -> None:
    session, model = session_of([("read_file", {"path": "lib/total.js"})], submission("diagnosis", a_diagnosis()))

    diagnose(CONTEXT, session, checkout=checkout)

    assert "did you mean src/total.js" in model.heard(1)


def test_a_symbol_that_is_defined_nowhere_is_named_so_with_near_ones(checkout: Checkout) -> None:
    answer = VerifySymbol(checkout).run(VerifySymbolArguments(name="showOrders"))

    assert answer == "showOrders is not defined anywhere in this repository. Near: showOrder."
