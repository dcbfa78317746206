"""Preference pairs: two answers to one prompt, from what people and tests decided. Making one again is safe."""

import re

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from approvals.authors import account_of
from approvals.branch import files_at
from approvals.choices import ApprovalState, Decision, PairSource
from approvals.models import Approval, ApprovalDecision, BetterPatch, PreferencePair
from core.patch import Patch
from core.redact import redact
from incidents.choices import PullRequestState, Stage, Status, Verdict
from incidents.models import Fix, Incident, Transition
from incidents.selectors import conversation_prompt, diagnosis_output
from integrations.codehosts import code_host

# Verdicts that are about the fix, and not about a sandbox that could not say anything.
FAILED_VERDICTS = (Verdict.NO_SIGNAL, Verdict.REGRESSION, Verdict.STILL_FAILING, Verdict.WEAKENED_TESTS)


def pair_add(
    *,
    rejected: Fix,
    chosen_diff: str,
    source: PairSource,
    reason: str = "",
    comment: str = "",
    decided_by: User | None = None,
    author: str = "",
) -> PreferencePair | None:
    """Keep a better answer to the prompt that `rejected` answered; both must be diffs on its base commit.

    Returns None where the prompt is not known or both answers are the same once secrets are taken out.
    """
    prompt = fix_prompt(rejected)
    chosen, worse = redact(chosen_diff), redact(rejected.diff)
    if not prompt or not chosen.strip() or chosen == worse:
        return None
    pair = PreferencePair(
        incident=rejected.incident,
        prompt=prompt,
        chosen=chosen,
        rejected=worse,
        source=source,
        reason=reason,
        comment=redact(comment),
        decided_by=decided_by,
        author=author,
    )
    PreferencePair.objects.bulk_create([pair], ignore_conflicts=True)
    return pair


def fix_prompt(fix: Fix) -> list[dict[str, str]]:
    """Return the redacted conversation that this fix answered, or an empty list if it is not known."""
    messages = conversation_prompt(
        incident=fix.incident, stage=Stage.FIX, attempt=fix.attempt, candidate=fix.candidate
    )
    if not all(message["content"].strip() for message in messages):
        return []
    return [{"role": message["role"], "content": redact(message["content"])} for message in messages]


def pair_of_better_patch(better: BetterPatch) -> PreferencePair | None:
    """Keep what a person wrote instead of the fix, after it has passed in the sandbox."""
    decision = better.decision
    return pair_add(
        rejected=better.fix,
        chosen_diff=better.diff,
        source=PairSource(better.source),
        reason=decision.reason if decision else "",
        comment=decision.comment if decision else "",
        decided_by=decision.user if decision else account_of(better.author),
        author=better.author,
    )


def pairs_of_candidates(*, incidents: QuerySet[Incident, Incident]) -> int:
    """Pair each round's candidates that failed their trial with the best one that passed; return how many."""
    found = 0
    fixes = Fix.objects.filter(incident__in=incidents).select_related("incident")
    for better in fixes.filter(verdict=Verdict.FIXED):
        of_round = fixes.filter(incident=better.incident_id, attempt=better.attempt, verdict__in=FAILED_VERDICTS)
        for worse in of_round:
            if is_one_prompt(fix_prompt(better), fix_prompt(worse)):
                pair = pair_add(
                    rejected=worse,
                    chosen_diff=better.diff,
                    source=PairSource.SANDBOX,
                    comment=str((worse.report or {}).get("reason", "")),
                )
                found += pair is not None
    return found


def is_one_prompt(first: list[dict[str, str]], second: list[dict[str, str]]) -> bool:
    """Return whether two candidates of a round were asked the same: all but the candidate's own number."""

    def asked(messages: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [
            (message["role"], re.sub(r"\bcandidate \d+\b", "candidate", message["content"], count=1))
            for message in messages
        ]

    return bool(first) and asked(first) == asked(second)


def pairs_of_approvals(*, approvals: QuerySet[Approval, Approval]) -> int:
    """Pair approved fixes with those that people rejected before for the same diagnosis; return how many.

    The approved change is an answer to the earlier prompt only if its files were then as they are now.
    """
    found = 0
    # What a person wrote is a pair with the fix that it took the place of.
    written_by_agents = approvals.filter(state=ApprovalState.APPROVED, fix__author="")
    for approval in written_by_agents.select_related("fix", "incident__service"):
        for decision in rejections_of_error(approval.incident).filter(at__lt=approval.decided_at):
            chosen = _as_answer_to(decision.approval.fix, accepted=approval.fix)
            if chosen:
                pair = pair_add(
                    rejected=decision.approval.fix,
                    chosen_diff=chosen,
                    source=PairSource.ACCEPTED_LATER,
                    reason=decision.reason,
                    comment=decision.comment,
                    decided_by=decision.user,
                )
                found += pair is not None
    return found


def rejections_of_error(incident: Incident) -> QuerySet[ApprovalDecision, ApprovalDecision]:
    """Return people's rejections of fixes for this error in its service, newest first."""
    rejections = ApprovalDecision.objects.filter(
        _same_error("approval__incident", incident), decision=Decision.REJECT
    )
    return rejections.select_related("approval__fix__incident__service", "user").order_by("-at", "-id")


def closings_of_error(incident: Incident) -> QuerySet[Transition, Transition]:
    """Return the moves by which people closed pull requests for this error for good, newest first."""
    closings = Transition.objects.filter(
        source=Status.PR_OPEN,
        target=Status.REJECTED,
        # One that was opened again is rejected by nobody.
        incident__pull_request__state=PullRequestState.CLOSED,
    )
    return closings.filter(_same_error("incident", incident)).order_by("-id")


def _same_error(relation: str, incident: Incident) -> Q:
    """Return the condition that the incident behind `relation` is about the same error of the same service."""
    same = Q(**{f"{relation}__fingerprint": incident.fingerprint})
    if incident.error_fingerprint:
        same |= Q(**{f"{relation}__error_fingerprint": incident.error_fingerprint})
    return same & Q(**{f"{relation}__service": incident.service_id})


def _as_answer_to(rejected: Fix, *, accepted: Fix) -> str:
    """Return the accepted change as a diff on the rejected fix's base, or "" where it does not answer the same."""
    if _place(rejected.incident) != _place(accepted.incident):
        return ""
    repository, paths = rejected.incident.service.repository, sorted(accepted.files)
    then = files_at(repository=repository, commit=rejected.base_commit, paths=paths)
    if files_at(repository=repository, commit=accepted.base_commit, paths=paths) != then:
        return ""
    return Patch(accepted.files).diff(code_host().checkout(repository, rejected.base_commit).path)


def _place(incident: Incident) -> tuple[str, str]:
    """Return what the diagnosis names as the cause: two incidents with one place have one diagnosis."""
    location = diagnosis_output(incident=incident).get("location") or {}
    return str(location.get("path", incident.pk)), str(location.get("function", ""))
