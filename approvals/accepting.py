"""A person's edited patch as the fix: it has passed in the sandbox, and somebody else must approve its bytes."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from approvals.choices import PairSource, TrialState
from approvals.models import BetterPatch
from approvals.services import DecisionRefused, why_never_decide
from incidents.choices import ENDED, Status
from incidents.lifecycle import incident_move
from incidents.locks import advisory_lock
from incidents.models import Fix, Incident, PullRequest


def patch_accept(*, patch: BetterPatch, user: User) -> None:
    """Take the patch as the rejected incident's fix; the pipeline reviews it and asks people.

    Nothing is opened by this: the gate asks about the patch's own sha256, whatever its risk. Raises
    DecisionRefused.
    """
    with transaction.atomic():
        # Before the row, as intake does: it may be about to open another incident for the same alarm.
        advisory_lock(patch.fix.incident.fingerprint)
        Incident.objects.select_for_update().get(pk=patch.fix.incident_id)
        row = BetterPatch.objects.select_for_update(of=("self",)).select_related("fix__incident").get(pk=patch.pk)
        why = why_not_accept(patch=row, user=user)
        if why:
            raise DecisionRefused(why)
        row.accepted_by, row.accepted_at = user, timezone.now()
        row.save(update_fields=["accepted_by", "accepted_at"])
        incident_move(
            incident=row.fix.incident,
            target=Status.FIXING,
            actor=f"user:{user.get_username()}",
            reason=f"the patch of {row.origin} passed in the sandbox and is taken as the fix",
        )


def why_not_accept(*, patch: BetterPatch, user: User) -> str:
    """Return why this person cannot take this patch as the fix now; empty if they can."""
    incident = patch.fix.incident
    if why := why_never_decide(user):
        return why
    if patch.source != PairSource.EDITED_PATCH:
        return "Only a patch that a person wrote when they rejected the fix can take its place."
    if patch.state != TrialState.PASSED or not patch.report:
        return f"The patch {patch.get_state_display()}; only one that passed can become the fix."
    if patch.problems:
        return f"The platform opens no pull request of this patch: {'; '.join(patch.problems)}. Open it by hand."
    if patch.accepted_at is not None:
        return f"{patch.accepted_by} took it as the fix at {patch.accepted_at:%Y-%m-%d %H:%M:%S} UTC."
    if incident.status != Status.REJECTED:
        return f"The incident is {incident.status} now; a patch takes a rejected fix's place."
    if PullRequest.objects.filter(incident=incident).exists():
        return "The incident has a pull request already. Continue in it by hand."
    newer = Incident.objects.filter(fingerprint=incident.fingerprint).exclude(status__in=ENDED).first()
    if newer is not None:
        return f"#{newer.pk} is open for the same alarm meanwhile; decide there."
    return ""


def patch_taken(incident: Incident) -> BetterPatch | None:
    """Return the patch that was taken last as this incident's fix, made into one already or not."""
    taken = BetterPatch.objects.filter(fix__incident=incident, accepted_at__isnull=False)
    if not taken.exists():
        return None
    return taken.select_related("fix__incident__service", "accepted_as").order_by("-accepted_at").first()


def patch_made(patch: BetterPatch, fix: Fix) -> None:
    """Record which fix the patch became; the caller's transaction writes the fix."""
    BetterPatch.objects.filter(pk=patch.pk).update(accepted_as=fix)
