"""What came from outside, as text for a prompt: bounded, redacted and marked as data."""

from collections.abc import Sequence

from agents.alarm import AlarmFacts
from agents.diagnosis.handoff import Diagnosis
from agents.evidence import Commits, LogEvent, Logs, Similar
from agents.grounding.blast_radius import BlastRadius
from agents.runtime.fence import fenced

MAX_LOG_EVENTS = 80
MAX_MESSAGE_CHARACTERS = 2_000
MAX_LOG_CHARACTERS = 40_000
MAX_COMMITS = 20
MAX_PATHS = 12
MAX_CALLERS = 30


def alarm_described(alarm: AlarmFacts) -> str:
    """Return the alarm's facts."""
    return fenced("alarm", alarm.model_dump_json(indent=2))


def diagnosis_described(diagnosis: Diagnosis) -> str:
    """Return the whole diagnosis: it quotes logs and code, so it is data too."""
    return fenced("diagnosis", diagnosis.model_dump_json(indent=2))


def radius_described(radius: BlastRadius) -> str:
    """Return what a change can reach: in one line, then the nearest callers and every contract."""
    callers = [
        f"{caller.path}:{caller.line} {caller.name}, {caller.depth} call{'s' * (caller.depth != 1)} away"
        + ("" if caller.is_certain else ", possible")
        for caller in radius.callers[:MAX_CALLERS]
    ]
    if len(radius.callers) > MAX_CALLERS:
        callers.append(f"and {len(radius.callers) - MAX_CALLERS} more")
    contracts = [f"contract {contract}" for contract in radius.contracts]
    return fenced("blast radius", "\n".join([f"{radius}", *callers, *contracts]))


def logs_described(logs: Logs) -> str:
    """Return the newest events that fit, oldest first, each after its id."""
    if not logs.events:
        return _nothing("log events", logs.missing)
    kept: list[str] = []
    size = 0
    for event in sorted(logs.events, key=lambda event: event.at, reverse=True)[:MAX_LOG_EVENTS]:
        entry = _event_described(event)
        size += len(entry)
        if kept and size > MAX_LOG_CHARACTERS:
            break
        kept.append(entry)
    note = f"{len(kept)} of {len(logs.events)} log events"
    if logs.filter_pattern:
        note += f", filter pattern {logs.filter_pattern}"
    return fenced("logs", "\n".join([note, *reversed(kept)]))


def commits_described(commits: Commits) -> str:
    """Return the newest commits with the files that each touched."""
    if not commits.commits:
        return _nothing("commits", commits.missing)
    entries = [
        f"{commit.sha} {commit.authored_at.isoformat()} {commit.author}: {commit.subject}\n"
        f"    {_listed(commit.paths, MAX_PATHS)}"
        for commit in commits.commits[:MAX_COMMITS]
    ]
    return fenced("commits", "\n".join(entries))


def similar_described(similar: Similar) -> str:
    """Return incidents that read alike."""
    if not similar.incidents:
        return _nothing("similar incidents", similar.missing)
    entries = [
        f"incident {incident.id} ({incident.status}, distance {incident.distance:.2f}): {incident.title}\n"
        f"    cause: {incident.root_cause or 'unknown'}\n    fix: {incident.fix_summary or 'none'}"
        for incident in similar.incidents
    ]
    return fenced("similar incidents", "\n".join(entries))


def listed(entries: Sequence[str], *, label: str, empty: str) -> str:
    """Return `entries` as a fenced list, or the text `empty`."""
    return fenced(label, "\n".join(f"- {entry}" for entry in entries)) if entries else empty


def _event_described(event: LogEvent) -> str:
    message = event.message.strip()
    if len(message) > MAX_MESSAGE_CHARACTERS:
        message = f"{message[:MAX_MESSAGE_CHARACTERS]} (cut: {len(event.message)} characters)"
    return f"[{event.id}] {event.at.isoformat()} {event.log_group} {event.log_stream}\n{message}"


def _listed(paths: Sequence[str], limit: int) -> str:
    more = f" and {len(paths) - limit} more" if len(paths) > limit else ""
    return ", ".join(paths[:limit]) + more


def _nothing(what: str, missing: str) -> str:
    return f"No {what}." if not missing else f"No {what}. Why: {fenced('missing', missing)}"
