from agents.review.agent import review
from agents.review.context import ReviewContext
from agents.review.handoff import Review
from agents.tests.scripted import session_of, submission
from agents.tests.stories import a_diagnosis

CONTEXT = ReviewContext(
    diagnosis=a_diagnosis(),
    diff="+  return (order.lines ?? []).reduce(\n",
    rationale="An order without lines costs nothing.",
    verdict="fixed",
    fail_to_pass=["tests/total.test.js::an order without lines costs nothing"],
    pass_to_pass=25,
    warnings=["src/total.js: removes a throw"],
)
APPROVAL = Review(decision="approve", summary="It cures the cause.", risk="LOW")


def test_the_reviewer_sees_the_diff_the_verdict_and_the_warnings() -> None:
    session, model = session_of(submission("review", APPROVAL))

    assert review(CONTEXT, session) == APPROVAL

    task = model.heard(0)
    assert "(order.lines ?? [])" in task
    assert "an order without lines costs nothing" in task
    assert "removes a throw" in task
    assert "Tests that passed before and after: 25" in task


def test_a_review_that_does_not_validate_goes_back_to_the_model() -> None:
    without_findings = {**APPROVAL.model_dump(), "decision": "request_changes"}
    session, model = session_of([("submit_review", without_findings)], submission("review", APPROVAL))

    assert review(CONTEXT, session) == APPROVAL
    assert "request_changes needs at least one finding" in model.heard(1)
