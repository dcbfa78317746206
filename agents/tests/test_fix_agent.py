from pathlib import Path

import pytest

from agents.fix.agent import fix_task, propose_fix
from agents.fix.context import FixContext, PreviousAttempt
from agents.fix.nearest_test import nearest_test
from agents.runtime.contract import InvalidOutput
from agents.tests.repositories import ORDERS, checkout_of
from agents.tests.scripted import session_of, submission
from agents.tests.stories import ALARM, TEST_SOURCE, a_diagnosis, a_proposal
from integrations.codehost import Checkout

CONTEXT = FixContext(alarm=ALARM, diagnosis=a_diagnosis(), attempt=1, candidate=1, test_framework="jest")


def test_a_proposal_becomes_whole_files(checkout: Checkout) -> None:
    session, _ = session_of(submission("fix", a_proposal()))

    fix = propose_fix(CONTEXT, session, checkout=checkout)

    assert fix.proposal == a_proposal()
    assert sorted(fix.patch.files) == ["src/total.js", "tests/total-without-lines.test.js"]
    assert "(order.lines ?? []).reduce(" in (fix.patch.files["src/total.js"] or "")


def test_the_task_holds_the_sources_exactly_and_the_nearest_test(checkout: Checkout) -> None:
    task = fix_task(CONTEXT, checkout)

    assert ORDERS["src/total.js"] in task
    assert ORDERS["tests/total.test.js"] in task
    assert "nothing" not in task.split("tests/total.test.js")[1].split("## Earlier")[0]


def test_a_search_text_that_is_not_in_the_file_goes_back_to_the_model(checkout: Checkout) -> None:
    session, model = session_of(
        submission("fix", a_proposal(search="order.items.reduce(")), submission("fix", a_proposal())
    )

    propose_fix(CONTEXT, session, checkout=checkout)

    assert "occurs 0 times" in model.heard(1)


def test_a_fix_whose_test_is_skipped_goes_back_to_the_model(checkout: Checkout) -> None:
    skipped = a_proposal(test="test.skip('later', () => {\n  expect(1).toBe(1);\n});\n")
    session, model = session_of(submission("fix", skipped), submission("fix", a_proposal()))

    propose_fix(CONTEXT, session, checkout=checkout)

    assert "is skipped" in model.heard(1)


def test_a_fix_that_calls_what_does_not_exist_goes_back_to_the_model(checkout: Checkout) -> None:
    made_up = a_proposal(test=TEST_SOURCE.replace("../src/total", "../src/totals"))
    session, model = session_of(submission("fix", made_up), submission("fix", a_proposal()))

    propose_fix(CONTEXT, session, checkout=checkout)

    assert "totals" in model.heard(1)


def test_a_model_that_never_quotes_the_file_ends_the_run_by_name(checkout: Checkout) -> None:
    session, _ = session_of(*[submission("fix", a_proposal(search="order.items.reduce("))] * 3)

    with pytest.raises(InvalidOutput, match="occurs 0 times"):
        propose_fix(CONTEXT, session, checkout=checkout)


def test_earlier_attempts_and_rejections_are_shown(checkout: Checkout) -> None:
    previous = PreviousAttempt(
        diff="+ return 0;\n", verdict="regression", reason="1 test broke", failing_output="x" * 20_000 + "the end"
    )
    task = fix_task(
        CONTEXT.model_copy(update={"attempt": 2, "previous": [previous], "rejections": ["use a guard clause"]}),
        checkout,
    )

    assert "Attempt 1: regression" in task
    assert "the end" in task
    assert "x" * 9_000 not in task
    assert "use a guard clause" in task


def test_a_long_file_is_shown_around_the_place_to_fix(tmp_path: Path) -> None:
    long = "// filler of the file\n" * 4_000 + ORDERS["src/total.js"]
    checkout = checkout_of(tmp_path, {**ORDERS, "src/total.js": long})
    location = CONTEXT.diagnosis.location.model_copy(update={"line_start": 4_001, "line_end": 4_003})
    context = CONTEXT.model_copy(update={"diagnosis": CONTEXT.diagnosis.model_copy(update={"location": location})})

    task = fix_task(context, checkout)

    assert ORDERS["src/total.js"] in task
    assert "only lines 3851 to 4006 of 4006" in task
    assert len(task) < 20_000


def test_the_nearest_test_is_found_by_name_then_by_import_then_by_folder() -> None:
    texts = {
        "tests/total.test.js": "",
        "tests/routes/orders.test.js": "require('../../src/app')",
        "tests/routes/health.test.js": "",
        "tests/support/app.js": "",
        "tests/api.test.js": "require('../src/mailer')",
        "tests/test_total.py": "",
    }

    def found(source: str) -> str:
        return nearest_test(source, list(texts), read=texts.__getitem__)

    assert found("src/total.js") == "tests/total.test.js"
    assert found("src/mailer.js") == "tests/api.test.js"
    assert found("src/routes/unknown.js").startswith("tests/routes/")
    assert found("src/total.py") == "tests/test_total.py"
    assert found("src/total.go") == ""
