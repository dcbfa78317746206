"""Two incidents that turn out to be one trouble: one is merged into the other, decided from locked rows."""

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least

from incidents import selectors
from incidents.choices import Classification, Status
from incidents.error_fingerprint import ErrorParts
from incidents.lifecycle import incident_announce, incident_move
from incidents.locks import advisory_lock
from incidents.models import Incident


def incident_merge(*, incident: Incident, original_id: int, actor: str, reason: str) -> bool:
    """Close `incident` as a duplicate of one that is live at this moment; return whether that one was.

    The original takes over its occurrences. Raises InvalidTransition or StaleState as `incident_move` does.
    """
    fingerprints = Incident.objects.filter(pk__in=[incident.pk, original_id]).values_list("fingerprint", flat=True)
    with transaction.atomic():
        # What intake locks too, in its order: a drain writes to both rows as well.
        advisory_lock(*sorted(fingerprints))
        # Two incidents may name each other at once: locked in one order, the second finds that the first ended.
        live = selectors.live_incidents(service=incident.service).order_by("pk").select_for_update()
        locked = {row.pk: row for row in live.filter(pk__in=[incident.pk, original_id]).defer("embedding")}
        if original_id == incident.pk or original_id not in locked:
            return False
        merged = locked.get(incident.pk, incident)
        Incident.objects.filter(pk=incident.pk).update(
            classification=Classification.DUPLICATE, duplicate_of_id=original_id
        )
        Incident.objects.filter(pk=original_id).update(
            occurrences=F("occurrences") + merged.occurrences,
            first_seen_at=Least("first_seen_at", merged.first_seen_at),
            last_seen_at=Greatest("last_seen_at", merged.last_seen_at),
        )
        incident_move(incident=incident, target=Status.DUPLICATE, actor=actor, reason=reason)
        incident_announce(original_id)
    return True


def error_record(*, incident: Incident, error: ErrorParts, actor: str) -> Incident | None:
    """Note which error the incident is about; merge it into the live one of its service that has it already.

    Returns the incident that it was merged into, or None if no other live one has the error. The first to note it
    keeps it, even if an older incident comes later: that one's work has begun.
    """
    with transaction.atomic():
        # Two incidents with one error must not both look before either has written.
        advisory_lock(f"{incident.service_id} {error.value}")
        others = selectors.live_incidents(service=incident.service).exclude(pk=incident.pk)
        first = others.filter(error_fingerprint=error.value).order_by("pk").first()
        # Before any row, as intake does: a drain that waits for the row holds the lock that merging waits for.
        advisory_lock(*sorted({incident.fingerprint, first.fingerprint if first else incident.fingerprint}))
        Incident.objects.filter(pk=incident.pk).update(
            error_fingerprint=error.value, error_fingerprint_parts=error.named
        )
        incident.error_fingerprint, incident.error_fingerprint_parts = error.value, error.named
        if first is None:
            return None
        reason = f"same error as #{first.pk}: {error.type}: {error.message}"
        is_merged = incident_merge(incident=incident, original_id=first.pk, actor=actor, reason=reason)
    return first if is_merged else None
