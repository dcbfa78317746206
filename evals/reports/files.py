"""A run's report as files: JSON for machines, one HTML page that needs nothing beside it."""

import json
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from evals.comparison import Comparison
from evals.reports.charts import Heat, bars_of, heat_of, reliability_of
from evals.reports.figures import RunReport, brief, interval_shown, value_shown
from evals.reports.meanings import MEANINGS


def report_json(report: RunReport, comparison: Comparison | None) -> str:
    """Return the report as one JSON object."""
    run = report.run
    document: dict[str, Any] = {
        "run": run.pk,
        "suite": run.suite,
        "model": run.model,
        "kind": report.note,
        "state": run.state,
        "reason": run.state_reason,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "cost_usd": float(run.cost_usd),
        "agents": run.agents,
        "commit": run.commit,
        "changes_sha256": run.changes_sha256,
        "material_sha256": run.material_sha256,
        "settings": run.settings,
        "metrics": report.metrics,
        "floors": {floor.model: floor.metrics for floor in report.floors},
        "matrices": [vars(matrix) for matrix in report.matrices],
        "groups": [{"name": group.name, "right": group.right, "n": group.total} for group in report.groups],
        "unanswered": [vars(kind) for kind in report.unanswered],
        "comparison": vars(comparison) if comparison else None,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def report_html(report: RunReport, comparison: Comparison | None) -> str:
    """Return the report as one page: styles and charts are in it, nothing is loaded."""
    names = [name for name, metric in report.metrics.items() if metric["unit"] == "share"]
    heats: list[Heat] = [heat_of(matrix) for matrix in report.matrices]
    context = {
        "report": report,
        "run": report.run,
        "comparison": comparison,
        "rows": [
            (
                name,
                MEANINGS.get(name, ""),
                _cell(metric),
                metric["n"],
                metric["better"],
                [_cell(floor.metrics.get(name)) for floor in report.floors],
            )
            for name, metric in report.metrics.items()
        ],
        "bars": bars_of(
            [(name, report.metrics[name], [floor.metrics.get(name) for floor in report.floors]) for name in names]
        ),
        "group_bars": bars_of(
            [
                (
                    f"{group.name} ({group.total})",
                    {
                        "value": group.right / group.total,
                        "low": group.interval.low if group.interval else None,
                        "high": group.interval.high if group.interval else None,
                    },
                    [],
                )
                for group in report.groups
            ]
        ),
        "heats": heats if report.metrics["answered"]["value"] else [],
        "mistakes": [
            (result.case_id, result.outcome, result.exit_reason, brief(result.expected), brief(result.answer))
            for result in report.mistakes
        ],
        "reliability": reliability_of(report.bins),
    }
    return render_to_string("evals/report.html", context)


def _cell(metric: dict[str, Any] | None) -> tuple[str, str]:
    """Return a figure and its interval; both empty for a floor that has it not."""
    return ("", "") if metric is None else (value_shown(metric), interval_shown(metric))


def report_write(report: RunReport, comparison: Comparison | None, folder: Path) -> tuple[Path, Path]:
    """Write both files into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{report.run.suite}-{report.run.model}-{report.run.pk}"
    as_json, as_html = folder / f"{stem}.json", folder / f"{stem}.html"
    as_json.write_text(report_json(report, comparison), encoding="utf-8")
    as_html.write_text(report_html(report, comparison), encoding="utf-8")
    return as_json, as_html
