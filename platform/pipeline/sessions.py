"""What an agent works with when it runs for real: a paid model, a kept conversation and the incident's purse."""

from contextlib import nullcontext

from django.conf import settings
from django.db import IntegrityError, transaction

from agents.runtime.contract import Session, Step, Usage
from agents.runtime.listening import Listener, Listeners
from agents.spending.reservations import reservation_settle
from core.broadcast import broadcast_step
from core.ending import ending
from incidents.models import Incident, StageRun
from incidents.stage_runs import TokensAdded, agent_step_store
from integrations.anthropic.client import messages_model
from integrations.langfuse.client import traces
from pipeline.canary_service import canary_model, is_canary
from pipeline.live_activity import LiveActivity
from pipeline.run_budget import RunBudget
from pipeline.stages import HandedBack


def session_for(agent: str, incident: Incident, run: StageRun) -> Session:
    """Return the session of one agent's stage run; the model is the one that settings name for the agent."""
    transcript = StageTranscript(run)
    return Session(
        model=(
            canary_model()
            if is_canary(incident.service)
            else messages_model(getattr(settings.ENV, f"model_{agent}"))
        ),
        transcript=transcript,
        budget=RunBudget(incident, run),
        listener=listener_of(run, transcript),
        context_tokens=settings.ENV.model_context_tokens,
    )


def listener_of(run: StageRun, transcript: "StageTranscript") -> Listener:
    """Return who hears the agent of a stage run: those who look at its page and, where there is one, its trace."""
    tracing = traces()
    live = LiveActivity(run, next_step=lambda: transcript.next_number)
    return live if tracing is None else Listeners(live, tracing.listener())


class StageTranscript:
    """The conversation of a stage run as rows, each written when it happens, with what it cost.

    Rows are read once: whoever holds the run is the only one who adds to it.
    """

    def __init__(self, run: StageRun) -> None:
        self._run = run
        self._steps: list[Step] | None = None
        self._next_number = 0

    @property
    def next_number(self) -> int:
        """The number that the next step gets."""
        if self._steps is None:
            self._read()
        return self._next_number

    def steps(self) -> list[Step]:
        """Return the steps of this try: what an earlier one left that failed is a conversation of its own."""
        return list(self._read() if self._steps is None else self._steps)

    def append(self, step: Step) -> None:
        """Store a step. Raises HandedBack after it where this worker is to end: nothing is paid for twice."""
        try:
            self._store(step, self.next_number)
        except IntegrityError:
            # Another worker took the run over and went on. What was paid for here is kept all the same.
            self._read()
            self._store(step, self.next_number)
        if ending.is_set():
            raise HandedBack(f"{self._run} goes on elsewhere: this worker ends")

    def _read(self) -> list[Step]:
        rows = list(self._run.steps.all())
        self._next_number = len(rows)
        self._steps = [
            Step(
                role="assistant" if row.role == "assistant" else "user",
                content=row.content,
                stop_reason=row.stop_reason,
                usage=Usage(**row.usage),
                cost_usd=row.cost_usd,
                model=self._run.model if row.role == "assistant" else "",
            )
            for row in rows
            if row.created_at >= self._run.started_at
        ]
        return self._steps

    def _store(self, step: Step, number: int) -> None:
        usage, is_paid = step.usage, step.role == "assistant"
        # With the price, in one transaction: the money is never in neither place, and never in both.
        with transaction.atomic() if is_paid else nullcontext():
            if is_paid:
                reservation_settle(stage_run_id=self._run.pk, claims=self._run.claims)
            agent_step_store(
                run=self._run,
                number=number,
                role=step.role,
                content=step.content,
                stop_reason=step.stop_reason,
                usage=vars(usage),
                cost_usd=step.cost_usd,
                tokens=TokensAdded(
                    usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens,
                    usage.cache_read_tokens,
                    usage.output_tokens,
                ),
                model=step.model,
                model_seconds=step.seconds if is_paid else 0,
                tool_seconds=0 if is_paid else step.seconds,
            )
            broadcast_step(
                {
                    "type": "step.stored",
                    "incident_id": self._run.incident_id,
                    "stage_run": self._run.pk,
                    "number": number,
                }
            )
        if is_paid:
            self._run.model = step.model
        self._next_number = number + 1
        if self._steps is not None:
            self._steps.append(step)
