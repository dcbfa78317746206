"""Preference pairs as files that TRL's DPO trainer and the Hugging Face datasets library read as they are.

The format is the conversational one with an explicit prompt:
https://huggingface.co/docs/trl/dataset_formats#preference
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import QuerySet
from django.utils import timezone

from approvals.choices import PairSource
from approvals.eval_cases import EvalCases
from approvals.models import PreferencePair
from core.redact import redact

CARD = Template((Path(__file__).parent / "data_card.md").read_text(encoding="utf-8"))

_MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("prompt", _MESSAGES),
        ("chosen", _MESSAGES),
        ("rejected", _MESSAGES),
        ("source", pa.string()),
        ("reason", pa.string()),
        ("comment", pa.string()),
        ("service", pa.string()),
        ("by_person", pa.bool_()),
        ("created_at", pa.string()),
    ]
)


@dataclass(frozen=True)
class Exported:
    """What was written, and how many pairs were left out because the evaluations hold their case."""

    rows: int
    left_out: int
    files: Sequence[Path]


def preferences_export(
    *, pairs: QuerySet[PreferencePair, PreferencePair], folder: Path, excluded: EvalCases
) -> Exported:
    """Write preferences.jsonl, preferences.parquet and README.md into `folder`, replacing earlier ones."""
    found = list(pairs.select_related("incident__service").order_by("id"))
    kept = [pair for pair in found if not excluded.holds(pair)]
    rows = [_row(pair) for pair in kept]
    folder.mkdir(parents=True, exist_ok=True)
    lines, table, card = (folder / name for name in ("preferences.jsonl", "preferences.parquet", "README.md"))
    lines.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), table)
    card.write_text(_card(rows, left_out=len(found) - len(kept)), encoding="utf-8")
    return Exported(len(rows), len(found) - len(kept), (lines, table, card))


def _row(pair: PreferencePair) -> dict[str, Any]:
    # Redacted when it was kept; what is known as a secret since then must not leave either.
    return {
        "prompt": [{"role": each["role"], "content": redact(each["content"])} for each in pair.prompt],
        "chosen": [{"role": "assistant", "content": redact(pair.chosen)}],
        "rejected": [{"role": "assistant", "content": redact(pair.rejected)}],
        "source": pair.source,
        "reason": pair.reason,
        "comment": redact(pair.comment),
        "service": pair.incident.service.name,
        "by_person": pair.source != PairSource.SANDBOX,
        "created_at": pair.created_at.isoformat(),
    }


def _card(rows: Sequence[dict[str, Any]], *, left_out: int) -> str:
    dates = sorted(row["created_at"][:10] for row in rows)
    return CARD.substitute(
        rows=len(rows),
        left_out=left_out,
        written=f"{timezone.now():%Y-%m-%d}",
        first=dates[0] if dates else "none",
        last=dates[-1] if dates else "none",
        sources=_counted(row["source"] for row in rows),
        reasons=_counted(row["reason"] or "none given" for row in rows),
        services=_counted(row["service"] for row in rows),
        months=_counted(row["created_at"][:7] for row in rows),
    )


def _counted(values: Iterable[str]) -> str:
    counts = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(["| value | pairs |", "|---|---|", *(f"| {value} | {count} |" for value, count in counts)])
