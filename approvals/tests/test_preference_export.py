"""The exported files load where preference training starts, and hold nothing that evaluations measure with."""

import json
from pathlib import Path

import pytest
from datasets import load_dataset
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from approvals.choices import PairSource, RejectionReason
from approvals.eval_cases import BadEvalCases, eval_cases, eval_files
from approvals.models import PreferencePair
from core.redact import register_secret
from evals.fixes.case import fix_cases
from evals.golden.case import cases_read
from evals.tests.golden_cases import case as case_of
from incidents.alarm_signals import signal_of
from incidents.choices import Classification, Disposition, GoldenCaseState
from incidents.error_fingerprint import error_in
from incidents.fingerprint import FingerprintParts
from incidents.models import GoldenCase, Service
from incidents.tests.factories import EventFactory, IncidentFactory, ServiceFactory

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


def test_every_labelled_alarm_of_the_evaluations_is_known_as_the_product_would_fingerprint_it() -> None:
    held = eval_cases(eval_files(settings.EVALS_DIR))
    bare = eval_cases([])
    service: Service = ServiceFactory.create(name="checkout-api", alarm_patterns=["checkout-api-*"])
    event = EventFactory.create(
        **notification_fields("checkout-api-order-errors-01"), service=None, disposition=Disposition.RECEIVED
    )

    signal = signal_of(event, [service])

    assert signal is not None
    pair = a_pair(incident=IncidentFactory.create(service=service, fingerprint=signal.fingerprint))
    assert held.holds(pair)
    assert not bare.holds(pair)


def test_an_error_of_a_fix_case_is_known_by_its_log_and_by_its_repository() -> None:
    held = eval_cases(eval_files(settings.EVALS_DIR))
    case = next(case for case in fix_cases() if case.id == "node-page-size")
    error = error_in([case.log])
    assert error is not None
    by_error = a_pair(1, incident=IncidentFactory.create(error_fingerprint=error.value))
    by_repository = a_pair(2, incident=IncidentFactory.create(service__repository=case.repository))
    other = a_pair(3)

    assert [held.holds(pair) for pair in (by_error, by_repository, other)] == [True, True, False]


def test_no_case_of_the_evaluations_is_overlooked() -> None:
    held = eval_cases(eval_files(settings.EVALS_DIR))

    assert held.repositories >= {case.repository for case in fix_cases()}
    assert held.fingerprints >= {error.value for case in fix_cases() if (error := error_in([case.log]))}
    alarms = cases_read()
    parts = [
        FingerprintParts.of_alarm(case.alarm, topic_arn=case.notification["TopicArn"], service=case.service)
        for case in alarms
    ]
    assert held.fingerprints >= {each.value for each in parts}
    assert len(alarms) > 100


def notification_fields(identifier: str) -> dict[str, object]:
    """Return the event that the notification of a labelled alarm becomes."""
    notification = case_of(identifier).notification
    return {
        "topic_arn": notification["TopicArn"],
        "subject": notification["Subject"],
        "alarm": json.loads(notification["Message"]),
    }


def test_a_fix_case_that_cannot_be_read_stops_the_export(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("log: [")

    with pytest.raises(BadEvalCases, match=r"case\.yaml is not a document that can be read"):
        eval_cases([tmp_path / "case.yaml"])


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

    with pytest.raises(BadEvalCases, match=r"cases\.jsonl:1 is not a document that can be read"):
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
    pair = a_pair(1, author="ada@lovelace.example")
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
    written = card + (tmp_path / "preferences.jsonl").read_text()
    assert "ada-lovelace" not in written
    assert "ada@lovelace.example" not in written


def test_what_became_known_as_a_secret_later_does_not_leave(tmp_path: Path) -> None:
    a_pair(1, chosen="+connect('gr8-wall-of-zurich')")
    register_secret("gr8-wall-of-zurich")

    [row] = export(tmp_path)

    assert row["chosen"] == [{"role": "assistant", "content": "+connect('[redacted:secret]')"}]
