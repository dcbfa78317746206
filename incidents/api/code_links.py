"""Where people read the code that a diagnosis and its reviews speak of: at the commit, not on a moving branch."""

from collections.abc import Iterator
from typing import Any

from core.errors import PlatformError
from incidents.choices import Stage, StageStatus
from incidents.models import Incident
from integrations.codehosts import code_host

# A document with more citations than this is not one that anybody reads.
MOST_LINKS = 100


def code_links(incident: Incident) -> dict[str, str]:
    """Return the address of each `path:line` or `path:line-line` that the incident's documents name.

    What is no such reference, and what the code host has no address for, is left out.
    """
    links: dict[str, str] = {}
    for commit, reference in _references(incident):
        if len(links) < MOST_LINKS and reference not in links and (url := _url(incident, commit, reference)):
            links[reference] = url
    return links


def _references(incident: Incident) -> Iterator[tuple[str, str]]:
    """Yield commit and reference; the newest diagnosis first."""
    runs = [
        run
        for run in incident.stage_runs.all()
        if run.stage == Stage.DIAGNOSIS and run.status == StageStatus.SUCCEEDED
    ]
    for run in sorted(runs, key=lambda run: -run.attempt)[:1]:
        output = _mapping(run.output)
        location = _mapping(output.get("location"))
        yield incident.deployed_commit, f"{location.get('path')}:{location.get('line_start')}"
        for step in _mappings(output.get("causal_chain")):
            citation = _mapping(step.get("citation"))
            if citation.get("kind") == "code":
                yield incident.deployed_commit, str(citation.get("reference"))
    for fix in incident.fixes.all():
        for finding in _mappings(_mapping(fix.review).get("findings")):
            yield fix.base_commit, f"{finding.get('path')}:{finding.get('line')}"
    for run in incident.stage_runs.all():
        if run.stage == Stage.FIX:
            for reached in _mappings(_mapping(_mapping(run.output).get("blast_radius")).get("callers")):
                yield incident.deployed_commit, f"{reached.get('path')}:{reached.get('line')}"


def _url(incident: Incident, commit: str, reference: str) -> str:
    path, _, lines = reference.rpartition(":")
    first = lines.split("-")[0]
    if not (commit and path and first.isdecimal()):
        return ""
    try:
        return code_host().file_url(incident.service.repository, commit, path, int(first))
    except PlatformError:
        return ""  # a page without one link is worth more than none


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
