"""Change how the platform treats a service, and keep who changed what."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction

from incidents.models import Service

LONGEST_SHOWN = 200


def service_settings_change(*, service: Service, user: User, changes: Mapping[str, Any]) -> Service:
    """Write what differs and record it in the console's history as the user's; return the row as it is now."""
    with transaction.atomic():
        row = Service.objects.select_for_update().get(pk=service.pk)
        told = []
        for name, value in changes.items():
            before = getattr(row, name)
            if before != value:
                setattr(row, name, value)
                told.append(f"{name.replace('_', ' ')}: {_shown(before)} → {_shown(value)}")
        if told:
            row.save(update_fields=list(changes))
            LogEntry.objects.log_actions(
                user_id=user.pk,
                queryset=[row],
                action_flag=CHANGE,
                change_message=[{"changed": {"fields": told}}],
                single_object=True,
            )
    return row


def _shown(value: object) -> str:
    text = str(value) or "empty"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
