import math
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from core.errors import PlatformError
from evals.comparison import NotComparable, runs_compare
from evals.fixes.case import CASES
from evals.golden.case import cases_read
from evals.golden.lint import lint
from evals.models import EvalRun, RunState
from evals.publishing import Publisher
from evals.reports.figures import report_of
from evals.reports.files import report_write
from evals.reports.terminal import report_print
from evals.runner import Order, Progress, agents_of, coverage, expense, run_execute
from evals.suites.contract import CannotBegin, Suite
from evals.suites.registry import SUITES, Selection
from evals.suites.words_entrant import guess


class Command(BaseCommand):
    help = (
        "Measure the agents on labelled cases, with every outside system replaced. A run that was killed or ran "
        "out of budget goes on when the same command is given again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; none: all")
        parser.add_argument(
            "--model",
            action="append",
            help="an offline entrant (majority, rules, words, gold, wrong, obedient), a model's name, or "
            "`configured`; repeatable; default: every offline entrant of the suite",
        )
        parser.add_argument(
            "--limit", type=_at_least_one, help="a fair sample of so many cases, the same one each time"
        )
        parser.add_argument("--split", choices=["dev", "held-out"], help="triage: only this side")
        parser.add_argument("--concurrency", type=_at_least_one, default=4)
        parser.add_argument("--repeat", type=_at_least_one, default=1, help="put each case so many times")
        parser.add_argument("--budget-usd", type=_usd, help="stop before a run can cost more")
        parser.add_argument("--compare", type=int, metavar="RUN", help="paired comparison with this run")
        parser.add_argument("--fail-under", action="append", default=[], metavar="METRIC=VALUE")
        parser.add_argument("--fail-over", action="append", default=[], metavar="METRIC=VALUE")
        parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on")
        parser.add_argument(
            "--reports", type=Path, help="folder for JSON and HTML; default: evals/ in the data folder"
        )
        parser.add_argument("--fix-cases", type=Path, default=CASES, help="fixes: a folder of imported cases")
        parser.add_argument(
            "--lint", action="store_true", help="check the golden dataset instead of running anything"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lint"]:
            self._lint()
            return
        unknown = [name for name in options["suites"] if name not in SUITES]
        if unknown:
            raise CommandError(f"There is no suite {unknown[0]!r}; there are {', '.join(SUITES)}.")
        orders, left_out = _orders(options)
        suites = list({order.suite.name: order.suite for order in orders}.values())
        # All that can be wrong with the question is said before the first answer is paid for.
        for limit in (*options["fail_under"], *options["fail_over"]):
            _check_limit(limit, suites)
        other = _other_run(options["compare"], suites)
        publisher = Publisher()
        failures = [failure for order in orders for failure in self._run(order, other, options, publisher)]
        for reason in left_out:
            self.stdout.write(f"\nLeft out: {reason}")
        if failures:
            raise CommandError("; ".join(failures))

    def _run(
        self, order: Order, other: EvalRun | None, options: dict[str, Any], publisher: Publisher
    ) -> list[str]:
        console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
        with Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
            transient=True,
        ) as bar:
            task = bar.add_task(f"{order.suite.name} by {order.entrant}", total=None, note="")

            def tell(progress: Progress) -> None:
                eta = "" if progress.eta_seconds is None else f"{progress.eta_seconds:.0f} s left, "
                note = f"{eta}{progress.cost_usd:.4f} USD"
                bar.update(task, completed=progress.done, total=progress.total, note=note)

            run = run_execute(order, tell=tell)
        report = report_of(run, order.suite)
        failures, comparison = [], None
        if other is not None:
            try:
                comparison = runs_compare(run, other)
            except NotComparable as error:
                failures.append(str(error))
        report_print(report, comparison, console)
        folder = options["reports"] or settings.ENV.data_dir / "evals"
        for path in report_write(report, comparison, folder):
            console.print(f"wrote {path}", soft_wrap=True)
        if run.state == RunState.FINISHED and (told := publisher.publish(run, order.suite)):
            console.print(told, soft_wrap=True)
        failures += _missed(run, options["fail_under"], is_floor=True)
        failures += _missed(run, options["fail_over"], is_floor=False)
        if run.state != RunState.FINISHED:
            failures.append(f"{run} is {run.state}: {run.state_reason}")
        return failures

    def _lint(self) -> None:
        try:
            found = lint(cases_read(), guess=guess)
        except ValueError as error:
            raise CommandError(str(error)) from error
        for name, figure in found.figures.items():
            self.stdout.write(f"{name}: {figure}")
        if found.errors:
            raise CommandError("\n".join(found.errors))
        self.stdout.write("The dataset is sound.")


def _at_least_one(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no whole number from 1")


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if amount.is_finite() and amount >= 0:
        return amount
    raise ArgumentTypeError(f"{text!r} is no amount of dollars")


def _orders(options: dict[str, Any]) -> tuple[list[Order], list[str]]:
    """Return what to run, and why a suite that nobody named is left out. Raises CannotBegin for one that was."""
    selection = Selection(split=options["split"], fix_cases=options["fix_cases"])
    orders, left_out = list[Order](), dict[str, None]()
    for name in options["suites"] or SUITES:
        suite = SUITES[name](selection)
        for entrant in options["model"] or suite.offline:
            order = Order(
                suite=suite,
                entrant=entrant,
                limit=options["limit"],
                concurrency=options["concurrency"],
                repeat=options["repeat"],
                budget_usd=options["budget_usd"],
                split=options["split"] or "",
                is_fresh=options["fresh"],
            )
            try:
                agents_of(order)
            except CannotBegin as error:
                if options["suites"]:
                    raise
                left_out[str(error)] = None
            else:
                orders.append(order)
    if not orders:
        raise CannotBegin("; ".join(left_out))
    return orders, list(left_out)


def _other_run(number: int | None, suites: Sequence[Suite]) -> EvalRun | None:
    """Return the run to compare with. Raises CommandError for none, NotComparable for one of another suite."""
    if number is None:
        return None
    found = EvalRun.objects.filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no run {number} to compare with.")
    for suite in suites:
        if suite.name != found.suite:
            raise NotComparable(f"run {number} is of the suite {found.suite}, not {suite.name}")
    return found


def _limit(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        wanted = float(value)
    except ValueError:
        wanted = math.nan
    if not math.isfinite(wanted):
        raise PlatformError(f"--fail-under and --fail-over take METRIC=VALUE, not {text!r}")
    return name, wanted


def _check_limit(limit: str, suites: Sequence[Suite]) -> None:
    """Raise PlatformError for a limit of a figure that one of the suites has not."""
    name, _ = _limit(limit)
    for suite in suites:
        known = [metric.name for metric in (*coverage([]), *suite.metrics([]), *expense([]))]
        if name not in known:
            raise PlatformError(f"the suite {suite.name} has no figure {name!r}; it has {', '.join(known)}")


def _missed(run: EvalRun, limits: Sequence[str], *, is_floor: bool) -> list[str]:
    """Return the limits that the figures break; a figure without a value breaks every limit."""
    broken = []
    for limit in limits:
        name, wanted = _limit(limit)
        value = run.metrics[name]["value"]
        is_broken = value is None or (value < wanted if is_floor else value > wanted)
        if is_broken:
            broken.append(f"{run}: {name} is {value}, {'below' if is_floor else 'above'} {wanted}")
    return broken
