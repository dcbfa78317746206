"""The exported files load where preference training starts, and hold nothing that evaluations measure with."""

import json
from pathlib import Path

import pytest
from datasets import load_dataset
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from approvals.choices import PairSource, RejectionReason
from approvals.eval_cases import BadEvalCases, eval_cases
from approvals.models import PreferencePair
from core.redact import register_secret
from incidents.choices import Classification, GoldenCaseState
from incidents.models import GoldenCase
from incidents.tests.factories import IncidentFactory

pytestmark = pytest.mark.django_db


def a_pair(number: int = 1, **fields: object) -> PreferencePair:
    values: dict[str, object] = {
        "incident": IncidentFactory.create(),
        "prompt": [{"role": "user", "content": f"Fix error {number}."}],
        "chosen": f"+better {number}",
        "rejected": f"+worse {number}",
        "source": PairSource.EDITED_PATCH,
        "reason": RejectionReason.STYLE,
        "decided_by": User.objects.get_or_create(username="ada-lovelace")[0],
        **fields,
    }
    return PreferencePair.objects.create(**values)


def export(folder: Path, *options: str) -> list[dict[str, object]]:
    call_command("export_preferences", str(folder), *options)
    return [json.loads(line) for line in (folder / "preferences.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_the_files_load_with_datasets_in_the_form_that_trl_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    a_pair(1)
    a_pair(2, source=PairSource.SANDBOX, reason="", decided_by=None)
    export(tmp_path)
    name = "preferences.jsonl" if kind == "json" else "preferences.parquet"

    loaded = load_dataset(kind, data_files=str(tmp_path / name), split="train", cache_dir=str(tmp_path / "cache"))

    assert len(loaded) == 2
    assert loaded[0]["prompt"] == [{"role": "user", "content": "Fix error 1."}]
    assert loaded[0]["chosen"] == [{"role": "assistant", "content": "+better 1"}]
    assert loaded[0]["rejected"] == [{"role": "assistant", "content": "+worse 1"}]
    assert loaded["source"][:] == ["edited_patch", "sandbox"]
    assert loaded["by_person"][:] == [True, False]


def test_a_case_of_the_evaluations_is_left_out_by_fingerprint_and_by_repository(tmp_path: Path) -> None:
    by_error, by_repository, by_label, trained_on = (a_pair(number) for number in range(4))
    cases = tmp_path / "cases.jsonl"
    cases.write_text(
        json.dumps({"fingerprint": by_error.incident.fingerprint})
        + "\n"
        + json.dumps({"repository": by_repository.incident.service.repository.upper()})
        + "\n"
    )
    GoldenCase.objects.create(
        incident=by_label.incident,
        material={},
        was_classification=Classification.REAL,
        classification=Classification.NOISE,
        labelled_at=timezone.now(),
        provenance="admin",
    )

    rows = export(tmp_path / "out", "--exclude", str(cases))

    assert [row["service"] for row in rows] == [trained_on.incident.service.name]
    assert "3 more were left out" in (tmp_path / "out" / "README.md").read_text()


def test_an_excluded_label_excludes_no_pair() -> None:
    pair = a_pair()
    GoldenCase.objects.create(
        incident=pair.incident,
        material={},
        was_classification=Classification.REAL,
        classification=Classification.NOISE,
        labelled_at=timezone.now(),
        provenance="admin",
        state=GoldenCaseState.EXCLUDED,
    )

    assert not eval_cases([]).holds(pair)


def test_cases_that_cannot_be_read_stop_the_export(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text("{not json\n")

    with pytest.raises(BadEvalCases, match=r"cases\.jsonl:1 is not a JSON document"):
        eval_cases([tmp_path / "cases.jsonl"])


def test_filters_choose_by_source_reason_service_and_day(tmp_path: Path) -> None:
    wanted = a_pair(1)
    a_pair(2, source=PairSource.SANDBOX)
    a_pair(3, reason=RejectionReason.FIX_WRONG)
    a_pair(4)
    old = a_pair(5, incident=wanted.incident)
    PreferencePair.objects.filter(pk=old.pk).update(created_at="2020-01-01T00:00:00Z")

    rows = export(
        tmp_path,
        *("--source", "edited_patch", "--reason", "style", "--service", wanted.incident.service.name),
        *("--since", "2026-01-01", "--until", "2099-01-01"),
    )

    assert [row["chosen"] for row in rows] == [[{"role": "assistant", "content": "+better 1"}]]


def test_the_card_counts_by_source_reason_service_and_date_and_names_nobody(tmp_path: Path) -> None:
    pair = a_pair(1)
    a_pair(2)
    a_pair(3, source=PairSource.SANDBOX, reason="")

    export(tmp_path)

    card = (tmp_path / "README.md").read_text()
    for line in (
        "3 pairs, written on",
        "| edited_patch | 2 |",
        "| sandbox | 1 |",
        "| style | 2 |",
        "| none given | 1 |",
        f"| {pair.incident.service.name} | 1 |",
        f"| {pair.created_at:%Y-%m} | 3 |",
    ):
        assert line in card
    assert "ada-lovelace" not in card + (tmp_path / "preferences.jsonl").read_text()


def test_what_became_known_as_a_secret_later_does_not_leave(tmp_path: Path) -> None:
    a_pair(1, chosen="+connect('gr8-wall-of-zurich')")
    register_secret("gr8-wall-of-zurich")

    [row] = export(tmp_path)

    assert row["chosen"] == [{"role": "assistant", "content": "+connect('[redacted:secret]')"}]
