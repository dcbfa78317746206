"""What people said about real incidents, as cases of the dataset."""

import json
import re
from typing import Any

from agents.evidence import Logs
from agents.triage.context import LiveIncident
from core.errors import PlatformError
from core.redact import redact
from evals.golden.case import Expected, GoldenAlarm
from evals.golden.lint import leaks
from evals.golden.shown import live_shown, logs_shown, occurrences_shown
from incidents import selectors
from incidents.choices import Classification
from incidents.models import GoldenCase, Incident


class NotExportable(PlatformError):
    """A labelled incident cannot become a case as it is; the text says why."""


def case_of(golden: GoldenCase) -> GoldenAlarm:
    """Return the case, redacted once more. Raises NotExportable for one that nobody could answer or that tells."""
    incident = golden.incident
    material: dict[str, Any] = json.loads(redact(json.dumps(golden.material, ensure_ascii=False)))
    document = material.get("alarm")
    if not document:
        raise NotExportable(f"{golden}: its alarm was not kept")
    name = str(document.get("AlarmName", incident.title))
    prompt = "\n".join(str(message["content"]) for message in material.get("prompt") or [])
    try:
        case = GoldenAlarm(
            id=f"production-{golden.pk}",
            family=f"{incident.service.name}-{_slug(name)}",
            service=incident.service.name,
            notification=_notification(document, golden),
            occurrences=occurrences_shown(prompt) or material.get("occurrences") or incident.occurrences,
            logs=_logs(material, prompt),
            live=live_shown(prompt) if prompt else _live(material),
            expected=_expected(golden),
            why=redact(golden.why) or f"A person said so ({golden.provenance}).",
            tags=["production"],
            provenance=f"production: {golden.provenance}",
        )
    except ValueError as error:
        raise NotExportable(f"{golden}: {error}") from error
    found = list(leaks(case))
    if found:
        raise NotExportable(f"{golden}: {found[0]}; edit its material or exclude it")
    return case


def _expected(golden: GoldenCase) -> Expected:
    is_real = golden.classification == Classification.REAL
    is_duplicate = golden.classification == Classification.DUPLICATE
    return Expected.model_validate(
        {
            "classification": golden.classification,
            "severity": golden.severity or "P3",
            "rule": "",
            "fixable_in_code": golden.fixable_in_code if is_real else None,
            "not_fixable_reason": golden.why if golden.fixable_in_code is False else "",
            "duplicate_of": golden.incident.duplicate_of_id if is_duplicate else None,
        }
    )


def _notification(document: dict[str, Any], golden: GoldenCase) -> dict[str, Any]:
    """Return the envelope without what only its signature needs: the row keeps the alarm, not the signature."""
    return {
        "Type": "Notification",
        "MessageId": f"golden-{golden.pk}",
        "Message": json.dumps(document, ensure_ascii=False),
        "Timestamp": golden.labelled_at.isoformat(),
    }


def _logs(material: dict[str, Any], prompt: str) -> Logs:
    """Return the log events that triage saw; for an incident that it was not asked about, those found later."""
    shown = logs_shown(prompt)
    if shown is not None:
        return shown
    kept = material.get("logs")
    return Logs.model_validate(kept) if kept else Logs(missing="the log events were not kept")


def _live(material: dict[str, Any]) -> list[LiveIncident]:
    """Return the live incidents at the labelling; what the material lacks is read from their rows."""
    shown = material.get("live_incidents") or []
    ids = [entry["id"] for entry in shown]
    rows = Incident.objects.in_bulk(ids)
    alarm_names = selectors.first_alarm_names(ids=ids)
    return [
        LiveIncident(
            id=entry["id"],
            title=entry["title"],
            status=entry["status"],
            severity=entry["severity"],
            alarm_name=entry.get("alarm_name") or alarm_names.get(entry["id"], ""),
            first_seen_at=entry.get("first_seen_at") or rows[entry["id"]].first_seen_at,
        )
        for entry in shown
        if entry["id"] in rows
    ]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "alarm"
