"""Review: a second reader of a fix that passed its tests, before a pull request opens."""

from agents.described import diagnosis_described, listed, radius_described
from agents.prompts import system_prompt, task_prompt
from agents.review.context import ReviewContext
from agents.review.handoff import Review
from agents.runtime.brief import Brief
from agents.runtime.contract import Session
from agents.runtime.fence import fenced
from agents.runtime.loop import run_agent

MAX_STEPS = 2
MAX_TOKENS = 4_000


def review(context: ReviewContext, session: Session) -> Review:
    """Return the verdict of the second reader. Raises the loop's NeedsHuman errors."""
    brief = Brief(
        agent="review",
        system=system_prompt("review"),
        task=review_task(context),
        output=Review,
        max_steps=MAX_STEPS,
        max_tokens=MAX_TOKENS,
    )
    return run_agent(brief, session)


def review_task(context: ReviewContext) -> str:
    """Return the task's text."""
    return task_prompt(
        "review",
        diagnosis=diagnosis_described(context.diagnosis),
        rationale=fenced("rationale", context.rationale),
        diff=fenced("diff", context.diff),
        verdict=context.verdict,
        pass_to_pass=context.pass_to_pass,
        fail_to_pass=listed(context.fail_to_pass, label="tests", empty="None."),
        blast_radius=radius_described(context.blast_radius),
        warnings=listed(context.warnings, label="warnings", empty="None."),
    )
