import sys
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from core.errors import PlatformError
from evals.comparison import Comparison, runs_compare
from evals.fixes.case import CASES
from evals.golden.case import cases_read
from evals.golden.lint import lint
from evals.models import EvalRun, RunState
from evals.publishing import Publisher
from evals.reports.figures import report_of
from evals.reports.files import report_write
from evals.reports.terminal import report_print
from evals.runner import Order, Progress, run_execute
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
        parser.add_argument("--limit", type=int, help="a fair sample of so many cases, the same one each time")
        parser.add_argument("--split", choices=["dev", "held-out"], help="triage: only this side")
        parser.add_argument("--concurrency", type=int, default=4)
        parser.add_argument("--repeat", type=int, default=1, help="put each case so many times")
        parser.add_argument("--budget-usd", type=Decimal, help="stop before the run can cost more")
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
        selection = Selection(split=options["split"], fix_cases=options["fix_cases"])
        failures: list[str] = []
        publisher = Publisher()
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
                failures += self._run(order, options, publisher)
        if failures:
            raise CommandError("; ".join(failures))

    def _run(self, order: Order, options: dict[str, Any], publisher: Publisher) -> list[str]:
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
        comparison = self._comparison(run, options["compare"])
        report_print(report, comparison, console)
        folder = options["reports"] or settings.ENV.data_dir / "evals"
        for path in report_write(report, comparison, folder):
            console.print(f"wrote {path}", soft_wrap=True)
        if run.state == RunState.FINISHED and (told := publisher.publish(run, order.suite)):
            console.print(told, soft_wrap=True)
        failures = _missed(run, options["fail_under"], is_floor=True)
        failures += _missed(run, options["fail_over"], is_floor=False)
        if run.state != RunState.FINISHED:
            failures.append(f"{run} is {run.state}: {run.state_reason}")
        return failures

    def _comparison(self, run: EvalRun, other: int | None) -> Comparison | None:
        if other is None:
            return None
        found = EvalRun.objects.filter(pk=other).first()
        if found is None:
            raise CommandError(f"There is no run {other} to compare with.")
        return runs_compare(run, found)

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


def _missed(run: EvalRun, limits: list[str], *, is_floor: bool) -> list[str]:
    """Return the limits that the figures break. Raises PlatformError for a figure that the suite has not."""
    broken = []
    for limit in limits:
        name, _, text = limit.partition("=")
        try:
            wanted = float(text)
        except ValueError as error:
            raise PlatformError(f"--fail-under and --fail-over take METRIC=VALUE, not {limit!r}") from error
        if name not in run.metrics:
            raise PlatformError(f"the suite {run.suite} has no figure {name!r}; it has {', '.join(run.metrics)}")
        value = run.metrics[name]["value"]
        is_broken = value is None or (value < wanted if is_floor else value > wanted)
        if is_broken:
            broken.append(f"{run}: {name} is {value}, {'below' if is_floor else 'above'} {wanted}")
    return broken
