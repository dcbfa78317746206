"""What an agent works with when it runs for real: a paid model, a kept conversation and the incident's purse."""

from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F

from agents.runtime.contract import Session, Step, Usage
from agents.runtime.listening import Listener, Listeners
from core.budget import BudgetExceeded
from incidents import selectors
from incidents.models import AgentStep, Incident, StageRun
from integrations.anthropic.client import messages_model
from integrations.langfuse.client import traces
from pipeline.canary_service import canary_model, is_canary
from pipeline.live_activity import LiveActivity


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
        usage = step.usage
        with transaction.atomic():
            AgentStep.objects.create(
                stage_run=self._run,
                number=self._run.steps.count(),
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


class RunBudget:
    """Five purses for one call: its own, the stage's, the incident's, the service's for today and everybody's."""

    def __init__(self, incident: Incident, run: StageRun) -> None:
        self._incident = incident
        self._run = run

    def check(self, upper_bound_usd: Decimal) -> None:
        """Raise BudgetExceeded if a call of at most `upper_bound_usd` could exceed one of the five."""
        env, service = settings.ENV, self._incident.service
        purses = (
            ("one call", env.model_budget_usd_per_call, Decimal(0)),
            ("this stage", env.model_budget_usd_per_stage, selectors.spent_usd(run=self._run)),
            ("this incident", service.budget_usd_per_incident, selectors.spent_usd(incident=self._incident)),
            (f"{service} today", service.budget_usd_per_day, selectors.spent_today_usd(service=service)),
            ("all services today", env.model_budget_usd_per_day, selectors.spent_today_usd()),
        )
        for purse, limit, spent in purses:
            if spent + upper_bound_usd > limit:
                raise BudgetExceeded(
                    f"The model budget of {purse} is {limit:.2f} USD; {spent:.4f} are spent and the next call may "
                    f"cost {upper_bound_usd:.4f}. Raise the budget, then resume."
                )
