"""A run's report for the terminal."""

from rich.console import Console
from rich.table import Table

from evals.comparison import Comparison
from evals.reports.figures import RunReport, shown, value_shown
from evals.reports.meanings import MEANINGS


def report_print(report: RunReport, comparison: Comparison | None, console: Console) -> None:
    """Print coverage first, then the figures beside the floors, then what was compared."""
    run = report.run
    console.print(
        f"\n[bold]{run.suite}[/bold] by [bold]{run.model}[/bold] ({report.note}); run {run.pk}, {run.state}, "
        f"cost {run.cost_usd:.4f} USD"
    )
    table = Table(
        "figure",
        f"{run.model}, 95 % interval",
        *(floor.model for floor in report.floors),
        "cases",
        "better",
        "what it says",
    )
    for name, metric in report.metrics.items():
        floors = [value_shown(floor.metrics[name]) if name in floor.metrics else "" for floor in report.floors]
        better = {"high": "higher", "low": "lower"}[metric["better"]]
        table.add_row(name, shown(metric), *floors, str(metric["n"]), better, MEANINGS.get(name, ""))
    console.print(table)
    for kind in report.unanswered:
        console.print(f"{kind.outcome} {kind.count} times, {kind.exit_reason}: {kind.error}", markup=False)
    for matrix in report.matrices if report.metrics["answered"]["value"] else ():
        grid = Table("expected \\ given", *matrix.labels, title=matrix.title)
        for label, counts in zip(matrix.labels, matrix.counts, strict=True):
            grid.add_row(label, *(str(count) for count in counts))
        console.print(grid)
    if comparison is not None:
        console.print(
            f"compared with {comparison.second} on {comparison.total} cases: both right {comparison.both}, only "
            f"this {comparison.only_first}, only that {comparison.only_second}, neither {comparison.neither}; "
            f"McNemar p = {comparison.p_value:.4f}"
            + ("" if comparison.is_same_material else " (the cases have changed between the runs)")
        )
