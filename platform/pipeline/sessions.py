"""What an agent works with when it runs for real: a paid model, a kept conversation and the incident's purse."""

from django.conf import settings
from django.db import transaction
from django.db.models import F

from agents.runtime.contract import Session, Step, Usage
from agents.runtime.listening import Listener, Listeners
from core.broadcast import broadcast_step
from core.ending import ending
from incidents.models import AgentStep, Incident, StageRun
from integrations.anthropic.client import messages_model
from integrations.langfuse.client import traces
from pipeline.canary_service import canary_model, is_canary
from pipeline.live_activity import LiveActivity
from pipeline.run_budget import RunBudget
from pipeline.stages import HandedBack


def session_for(agent: str, incident: Incident, run: StageRun) -> Session:
    """Return the session of one agent's stage run; the model is the one that settings name for the agent."""
    return Session(
        model=(
            canary_model()
            if is_canary(incident.service)
            else messages_model(getattr(settings.ENV, f"model_{agent}"))
        ),
        transcript=StageTranscript(run),
        budget=RunBudget(incident, run),
        listener=listener_of(run),
        context_tokens=settings.ENV.model_context_tokens,
    )


def listener_of(run: StageRun) -> Listener:
    """Return who hears the agent of a stage run: those who look at its page and, where there is one, its trace."""
    tracing = traces()
    live = LiveActivity(run)
    return live if tracing is None else Listeners(live, tracing.listener())


class StageTranscript:
    """The conversation of a stage run as rows, each written when it happens, with what it cost."""

    def __init__(self, run: StageRun) -> None:
        self._run = run

    def steps(self) -> list[Step]:
        """Return the steps of this try: what an earlier one left that failed is a conversation of its own."""
        return [
            Step(
                role="assistant" if row.role == "assistant" else "user",
                content=row.content,
                stop_reason=row.stop_reason,
                usage=Usage(**row.usage),
                cost_usd=row.cost_usd,
                model=self._run.model if row.role == "assistant" else "",
            )
            for row in self._run.steps.filter(created_at__gte=self._run.started_at)
        ]

    def append(self, step: Step) -> None:
        """Store a step. Raises HandedBack after it where this worker is to end: nothing is paid for twice."""
        self._store(step)
        if ending.is_set():
            raise HandedBack(f"{self._run} goes on elsewhere: this worker ends")

    def _store(self, step: Step) -> None:
        usage = step.usage
        with transaction.atomic():
            number = self._run.steps.count()
            AgentStep.objects.create(
                stage_run=self._run,
                number=number,
                role=step.role,
                content=list(step.content),
                stop_reason=step.stop_reason,
                usage=vars(usage),
                cost_usd=step.cost_usd,
            )
            if step.role == "assistant":
                self._run.model = step.model
                cached = usage.cache_read_tokens
                StageRun.objects.filter(pk=self._run.pk).update(
                    model=step.model,
                    input_tokens=F("input_tokens") + usage.input_tokens + usage.cache_write_tokens + cached,
                    cached_input_tokens=F("cached_input_tokens") + cached,
                    output_tokens=F("output_tokens") + usage.output_tokens,
                    cost_usd=F("cost_usd") + step.cost_usd,
                    model_seconds=F("model_seconds") + step.seconds,
                )
            elif step.seconds:
                StageRun.objects.filter(pk=self._run.pk).update(tool_seconds=F("tool_seconds") + step.seconds)
            broadcast_step(
                {
                    "type": "step.stored",
                    "incident_id": self._run.incident_id,
                    "stage_run": self._run.pk,
                    "number": number,
                }
            )
