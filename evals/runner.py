"""Put every case of a suite to one entrant, keep each answer at once, and go on after a kill where it stopped."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from core.budget import BudgetExceeded
from core.errors import NeedsHuman, PlatformError, Unavailable
from core.intervals import percentile
from core.redact import redact
from evals.commit import current_changes, current_commit
from evals.models import EvalResult, EvalRun, Outcome, RunState
from evals.network_guard import NetworkGuard, ReachedForTheNetwork, network_guarded
from evals.purse import Purse
from evals.suites.contract import CannotBegin, Desk, Given, Metric, Result, Suite, paid_model
from evals.suites.shares import share
from integrations.anthropic.client import ModelNotConfigured
from integrations.anthropic.prices import UnknownPrice

Work = tuple[str, int]

# Between tries at a case whose engine or model was unavailable.
PAUSES_SECONDS = (1.0, 4.0)
# What a kill can forget of the spend: calls that ended within this, and those under way.
SPEND_KEPT_SECONDS = 1.0

_OUTCOMES: dict[str, Literal["answered", "abstained", "failed"]] = {
    Outcome.ANSWERED: "answered",
    Outcome.ABSTAINED: "abstained",
    Outcome.FAILED: "failed",
}


@dataclass(frozen=True)
class Progress:
    """How far a run is; `eta_seconds` is None until something was answered."""

    done: int
    total: int
    cost_usd: Decimal
    eta_seconds: float | None


@dataclass(frozen=True)
class Order:
    """What to run. `limit` takes a fair sample that is the same each time."""

    suite: Suite
    entrant: str
    limit: int | None = None
    concurrency: int = 4
    repeat: int = 1
    budget_usd: Decimal | None = None
    split: str = ""
    is_fresh: bool = False


def agents_of(order: Order) -> dict[str, str]:
    """Return the model of each agent. Raises CannotBegin for what would keep every case from an answer."""
    suite, models = order.suite, dict[str, str]()
    if order.entrant not in suite.offline:
        problem = "no model can be measured by it" if not suite.agents else ""
        try:
            models = {agent: paid_model(order.entrant, agent).name for agent in suite.agents}
        except (ModelNotConfigured, UnknownPrice) as error:
            problem = f"as a model: {error.reason}"
        if problem:
            raise CannotBegin(
                f"{order.entrant!r} is no offline entrant of the suite {suite.name} "
                f"({', '.join(suite.offline)}); {problem}"
            )
    suite.check()
    return models


def run_of(order: Order) -> EvalRun:
    """Return the unfinished run of the same code, models and settings, or a new one. Raises CannotBegin."""
    wanted = {"limit": order.limit, "repeat": order.repeat, "split": order.split}
    fields = {
        "suite": order.suite.name,
        "model": order.entrant,
        "settings": wanted,
        "material_sha256": order.suite.material_sha256,
        "commit": current_commit(),
        "changes_sha256": current_changes(),
        "agents": agents_of(order),
    }
    unfinished = EvalRun.objects.filter(state__in=[RunState.RUNNING, RunState.STOPPED], **fields).first()
    if unfinished is not None and not order.is_fresh:
        return unfinished
    return EvalRun.objects.create(**fields)


def run_execute(order: Order, *, tell: Callable[[Progress], None]) -> EvalRun:
    """Run what the order asks for and is not answered yet; the row holds the figures.

    Raises ReachedForTheNetwork after marking the run failed, and whatever a suite cannot begin with.
    """
    run = run_of(order)
    # The row's own figure also holds what a case cost that got no answer; a kill can leave it behind its answers'.
    answers_usd = run.results.aggregate(total=Sum("cost_usd"))["total"] or Decimal(0)
    purse = Purse(order.budget_usd, spent_usd=max(answers_usd, run.cost_usd))
    work = list(_work(order))
    answered = set(run.results.values_list("case_id", "repeat"))
    left = [item for item in work if item not in answered]
    state, reason = RunState.FINISHED, ""
    try:
        with network_guarded(NetworkGuard(model_hosts(order))):
            reason = _all(order, run, left, purse, total=len(work), tell=tell)
        if reason:
            state = RunState.STOPPED
    except BaseException as error:
        is_ours = isinstance(error, PlatformError)
        _close(run, order, purse, RunState.FAILED if is_ours else RunState.RUNNING, redact(str(error)))
        raise
    _close(run, order, purse, state, reason)
    return run


def model_hosts(order: Order) -> list[str]:
    """Return the only host that the run may call: the model's, for an entrant that is one."""
    if order.entrant in order.suite.offline:
        return []
    address = settings.ENV.anthropic_base_url or "https://api.anthropic.com"
    return [address.split("://", 1)[-1].split("/")[0].split(":")[0]]


def results_of(run: EvalRun) -> list[Result]:
    """Return the run's answers as plain values, by case: resampled intervals come out the same each time."""
    return [
        Result(
            case_id=row.case_id,
            repeat=row.repeat,
            outcome=_OUTCOMES[row.outcome],
            is_right=row.is_right,
            expected=row.expected,
            answer=row.answer,
            exit_reason=row.exit_reason,
            error=row.error,
            cost_usd=row.cost_usd,
            seconds=row.seconds,
        )
        for row in run.results.order_by("case_id", "repeat")
    ]


def metrics_stored(metrics: Sequence[Metric]) -> dict[str, Any]:
    """Return the figures as JSON, by name."""
    return {
        metric.name: {
            "value": metric.value,
            "low": metric.interval.low if metric.interval else None,
            "high": metric.interval.high if metric.interval else None,
            "n": metric.count,
            "better": metric.better,
            "unit": metric.unit,
        }
        for metric in metrics
    }


def _work(order: Order) -> Iterator[Work]:
    repeats = order.suite.repeats(order.entrant, order.repeat)
    for case_id in order.suite.case_ids[: order.limit]:
        for repeat in range(1, repeats + 1):
            yield case_id, repeat


def _all(
    order: Order, run: EvalRun, left: list[Work], purse: Purse, *, total: int, tell: Callable[[Progress], None]
) -> str:
    """Answer what is left, some at a time; return why the run stopped early, or an empty text."""
    started_at, done = time.monotonic(), total - len(left)
    waiting = iter(left)
    stopped = ""
    with ThreadPoolExecutor(order.concurrency, thread_name_prefix="eval") as pool:
        running: dict[Future[EvalResult], Work] = {}

        def start_next() -> None:
            item = next(waiting, None)
            if item is not None and not stopped:
                running[pool.submit(_attempt, order, run, item, purse)] = item

        for _ in range(order.concurrency):
            start_next()
        while running:
            finished, _ = wait(running, timeout=SPEND_KEPT_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                del running[future]
                try:
                    future.result().save()  # rows are written by this thread alone
                    done += 1
                except BudgetExceeded as error:
                    stopped = str(error)
                start_next()
            if run.cost_usd != purse.spent_usd:
                run.cost_usd = purse.spent_usd
                run.save(update_fields=["cost_usd"])
            if not finished:
                continue
            new = done - (total - len(left))
            seconds = time.monotonic() - started_at
            eta = seconds / new * (total - done) if new else None
            tell(Progress(done, total, purse.spent_usd, eta))
    return stopped


def _attempt(order: Order, run: EvalRun, item: Work, purse: Purse) -> EvalResult:
    """Answer one case. Raises BudgetExceeded, which says nothing about the case."""
    case_id, repeat = item
    row = EvalResult(run=run, case_id=case_id, repeat=repeat)
    desk = Desk(order.entrant, purse)
    started_at = time.monotonic()
    try:
        given = _patiently(lambda: order.suite.attempt(case_id, repeat, desk))
        row.outcome, row.is_right = Outcome.ANSWERED, given.is_right
        row.expected, row.answer = given.expected, given.answer
    except (BudgetExceeded, ReachedForTheNetwork):
        raise
    except NeedsHuman as stop:
        row.outcome, row.exit_reason, row.error = Outcome.ABSTAINED, stop.exit_reason, redact(stop.reason)[:4000]
    except Exception as error:  # noqa: BLE001 - one broken case is a result of the run and must not end it
        row.outcome, row.exit_reason = Outcome.FAILED, type(error).__name__
        row.error = redact(str(error))[:4000]
    row.seconds = time.monotonic() - started_at
    row.cost_usd = desk.cost_usd
    return row


def _patiently(attempt: Callable[[], Given]) -> Given:
    """Return what the attempt gives; a temporary fault of an engine or a model is no answer to the case."""
    for pause in PAUSES_SECONDS:
        try:
            return attempt()
        except Unavailable:
            time.sleep(pause)
    return attempt()


def _close(run: EvalRun, order: Order, purse: Purse, state: RunState, reason: str) -> None:
    results = results_of(run)
    run.state, run.state_reason = state, reason
    run.metrics = metrics_stored([*coverage(results), *order.suite.metrics(results), *expense(results)])
    run.cost_usd = purse.spent_usd
    run.finished_at = timezone.now() if state == RunState.FINISHED else None
    run.save()


def coverage(results: Sequence[Result]) -> list[Metric]:
    """How many cases were answered at all: every other figure counts those alone."""
    return [
        share("answered", results, lambda result: result.outcome == "answered"),
        share("abstained", results, lambda result: result.outcome == "abstained", better="low"),
        share("failed", results, lambda result: result.outcome == "failed", better="low"),
    ]


def expense(results: Sequence[Result]) -> list[Metric]:
    seconds = [result.seconds for result in results]
    cost = float(sum(result.cost_usd for result in results))
    count = len(results)
    return [
        Metric("cost_per_case", cost / count if count else None, None, count, "low", "usd"),
        Metric("seconds_p50", percentile(seconds, 0.5), None, count, "low", "seconds"),
        Metric("seconds_p95", percentile(seconds, 0.95), None, count, "low", "seconds"),
    ]
