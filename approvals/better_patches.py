"""What people wrote instead of a fix: tried in the sandbox like any fix before it counts as the better answer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from approvals.choices import PairSource, TrialState
from approvals.models import ApprovalDecision, BetterPatch
from approvals.pairs import pair_of_better_patch
from core.nudge import nudge
from core.patch import Patch
from incidents.choices import Verdict
from incidents.models import Fix

TRY = "pipeline.try_better_patch"
LEASE = timedelta(minutes=30)


def better_patch_add(
    *,
    fix: Fix,
    source: PairSource,
    patch: Patch,
    diff: str,
    origin: str,
    author: str = "",
    decision: ApprovalDecision | None = None,
) -> BetterPatch:
    """Keep a person's patch and have it tried; the same bytes for the same fix are kept once."""
    with transaction.atomic():
        row, is_new = BetterPatch.objects.get_or_create(
            fix=fix,
            source=source,
            sha256=patch.sha256,
            defaults={
                "decision": decision,
                "files": dict(patch.files),
                "diff": diff,
                "origin": origin[:200],
                "author": author[:200],
            },
        )
        if is_new:
            nudge(TRY, row.pk)
    return row


def better_patch_claim(*, pk: int) -> BetterPatch | None:
    """Return the patch for this worker to try, or None if it is tried already or another worker is on it."""
    now = timezone.now()
    waiting = BetterPatch.objects.filter(pk=pk, state=TrialState.WAITING).exclude(lease_expires_at__gt=now)
    if not waiting.update(lease_expires_at=now + LEASE):
        return None
    return BetterPatch.objects.select_related("fix__incident__service", "decision__user").get(pk=pk)


def better_patch_release(patch: BetterPatch) -> None:
    """Give a claimed patch back untried: the sandbox cannot be used right now."""
    BetterPatch.objects.filter(pk=patch.pk, state=TrialState.WAITING).update(lease_expires_at=None)


def better_patch_judged(
    patch: BetterPatch,
    *,
    verdict: str,
    explanation: str,
    tried_sha256: str,
    report: dict[str, Any] | None = None,
    problems: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> None:
    """Record what the sandbox says; one that passed, of exactly these bytes, becomes a preference pair.

    `problems` and `warnings` are the patch guard's: what has problems can be no fix of the platform.
    """
    is_passed = verdict == Verdict.FIXED and tried_sha256 == patch.sha256
    with transaction.atomic():
        is_first = BetterPatch.objects.filter(pk=patch.pk, state=TrialState.WAITING).update(
            state=TrialState.PASSED if is_passed else TrialState.FAILED,
            verdict=verdict,
            explanation=explanation,
            report=report,
            problems=list(problems),
            warnings=list(warnings),
            tried_at=timezone.now(),
            lease_expires_at=None,
        )
        if is_first and is_passed:
            pair_of_better_patch(patch)


def better_patches_nudge() -> None:
    """Nudge again what should be in the sandbox and is not."""
    now = timezone.now()
    still = BetterPatch.objects.filter(state=TrialState.WAITING, created_at__lt=now - timedelta(minutes=1))
    for pk in still.exclude(lease_expires_at__gt=now).values_list("pk", flat=True):
        nudge(TRY, pk)
