"""Fix generation: the smallest change that cures the cause, and a test that proves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.described import alarm_described, diagnosis_described, listed
from agents.fix.context import FixContext, PreviousAttempt
from agents.fix.edits import EditError, patch_from
from agents.fix.handoff import FixProposal
from agents.fix.material import material_described
from agents.fix.patch_guard import check_patch
from agents.grounding.guard import check_fix
from agents.grounding.kept import index_for
from agents.grounding.names import words
from agents.prompts import system_prompt, task_prompt
from agents.runtime.brief import Brief
from agents.runtime.contract import Session
from agents.runtime.fence import fenced
from agents.runtime.loop import run_agent
from core.patch import Patch
from integrations.codehost import Checkout

MAX_STEPS = 2
MAX_TOKENS = 16_000
MAX_OUTPUT_CHARACTERS = 8_000
MAX_DIFF_CHARACTERS = 16_000


@dataclass(frozen=True)
class ProposedFix:
    """A fix that applies and obeys the rules; the sandbox has not seen it."""

    proposal: FixProposal
    patch: Patch


def propose_fix(context: FixContext, session: Session, *, checkout: Checkout) -> ProposedFix:
    """Return a fix of the incident against the sources in `checkout`. Raises the loop's NeedsHuman errors."""

    def check(output: FixProposal) -> Sequence[str]:
        return fix_problems(
            output,
            checkout=checkout,
            allowed_paths=context.allowed_paths,
            known_words=words(context.alarm.model_dump_json() + context.diagnosis.model_dump_json()),
        )

    brief = Brief(
        agent="fix",
        system=system_prompt("fix"),
        task=fix_task(context, checkout),
        output=FixProposal,
        max_steps=MAX_STEPS,
        max_tokens=MAX_TOKENS,
        checks=(check,),
    )
    proposal = run_agent(brief, session)
    return ProposedFix(proposal, patch_from(proposal, checkout=checkout.path))


def fix_problems(
    proposal: FixProposal,
    *,
    checkout: Checkout,
    allowed_paths: Sequence[str] = (),
    known_words: frozenset[str] = frozenset(),
) -> list[str]:
    """Return why the proposal cannot be tried: it does not apply, breaks a rule, or names what does not exist."""
    try:
        patch = patch_from(proposal, checkout=checkout.path)
    except EditError as error:
        return error.problems
    return [
        *check_patch(patch, checkout=checkout.path, allowed_paths=allowed_paths).problems,
        *check_fix(
            patch,
            index=index_for(checkout),
            checkout=checkout.path,
            rationale=proposal.rationale,
            known_words=known_words,
        ),
    ]


def fix_task(context: FixContext, checkout: Checkout) -> str:
    """Return the task's text."""
    previous = "\n\n".join(
        _previous_described(number, attempt) for number, attempt in enumerate(context.previous, start=1)
    )
    return task_prompt(
        "fix",
        incident_id=context.alarm.incident_id,
        service=context.alarm.service,
        attempt=context.attempt,
        candidate=context.candidate,
        test_framework=context.test_framework,
        alarm=alarm_described(context.alarm),
        diagnosis=diagnosis_described(context.diagnosis),
        files=material_described(context.diagnosis, checkout),
        previous=previous or "None: this is the first.",
        rejections=listed(context.rejections, label="rejections", empty="None."),
    )


def _previous_described(number: int, attempt: PreviousAttempt) -> str:
    parts = [
        f"### Attempt {number}: {attempt.verdict}",
        fenced("reason", attempt.reason),
        fenced("diff", _head_and_tail(attempt.diff, MAX_DIFF_CHARACTERS)),
    ]
    if attempt.failing_output:
        parts.append(fenced("failing output", _head_and_tail(attempt.failing_output, MAX_OUTPUT_CHARACTERS)))
    return "\n\n".join(parts)


def _head_and_tail(text: str, limit: int) -> str:
    """Return at most about `limit` characters: test runners say the cause first and the summary last."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n(cut: {len(text) - 2 * half} characters)\n{text[-half:]}"
