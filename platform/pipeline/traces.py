"""Where the spans of an incident's trace begin: around each stage, if there is anywhere to send them."""

from collections.abc import Iterator
from contextlib import contextmanager

from incidents.models import Incident, StageRun
from integrations.langfuse.client import traces


@contextmanager
def stage_traced(incident: Incident, run: StageRun) -> Iterator[None]:
    """Trace what happens inside as one stage of the incident; without Langfuse, do nothing."""
    tracing = traces()
    if tracing is None:
        yield
        return
    trace_id = tracing.trace_id(incident.pk)
    StageRun.objects.filter(pk=run.pk).update(trace_id=trace_id)
    name = f"{run.stage} {run.attempt}.{run.candidate}"
    with tracing.stage(
        incident_id=incident.pk, name=name, incident=incident.pk, service=incident.service.name, claims=run.claims
    ):
        yield
