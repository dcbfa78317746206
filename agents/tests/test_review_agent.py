from agents.grounding.blast_radius import BlastRadius, Reached
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
    blast_radius=BlastRadius(
        changed=["src/total.js:1 total"],
        callers=[
            Reached(path="src/routes/orders.js", line=4, name="list", depth=1, is_certain=True),
            *(Reached(path="src/a.js", line=n, name=f"f{n}", depth=2, is_certain=False) for n in range(1, 40)),
        ],
        contracts=["GET /orders (src/routes/orders.js:3)"],
    ),
)
APPROVAL = Review(decision="approve", summary="It cures the cause.", risk="LOW")


def test_the_reviewer_sees_the_diff_the_verdict_and_the_warnings() -> None:
    session, model = session_of(submission("review", APPROVAL))

    assert review(CONTEXT, session) == APPROVAL

    task = model.heard(0)
    assert "(order.lines ?? [])" in task
    assert "an order without lines costs nothing" in task
    assert "removes a throw" in task
    assert "src/total.js:1 total reached from 40 functions in 2 files" in task
    assert "src/routes/orders.js:4 list, 1 call away" in task
    assert "src/a.js:1 f1, 2 calls away, possible" in task
    assert "and 10 more" in task
    assert "contract GET /orders (src/routes/orders.js:3)" in task
    assert "Tests that passed before and after: 25" in task


def test_a_review_that_does_not_validate_goes_back_to_the_model() -> None:
    without_findings = {**APPROVAL.model_dump(), "decision": "request_changes"}
    session, model = session_of([("submit_review", without_findings)], submission("review", APPROVAL))

    assert review(CONTEXT, session) == APPROVAL
    assert "request_changes needs at least one finding" in model.heard(1)
