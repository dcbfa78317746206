"""Rounds of fixing: which comes next, when they end, and which candidate goes on."""

from typing import Any

import pytest
from django.conf import settings

from agents.fix.agent import ProposedFix
from agents.fix.context import FixContext
from agents.review.handoff import Review
from agents.tests.stories import a_diagnosis, a_proposal
from core.errors import Unavailable
from core.patch import Patch
from incidents.choices import Stage, StageStatus, Status, Verdict
from incidents.models import Fix, Incident, StageRun
from incidents.services import incident_resume
from integrations.localgit.host import LocalGitHost
from pipeline import fixes, reviews, tasks
from pipeline.fixes import NoFixPassed, fix_chosen, round_next
from pipeline.rounds import Round
from pipeline.stages import NotNow
from pipeline.tests.stories import (
    FIXED_TOTAL,
    a_preparation,
    a_report,
    a_review,
    a_tried_fix,
    an_incident,
    move,
    reason_of,
    stage_done,
    stage_ended,
    status_of,
)

pytestmark = pytest.mark.django_db

NOT_FIXED = [verdict for verdict in Verdict if verdict != Verdict.FIXED]


@pytest.fixture
def incident(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> Incident:
    """An incident with a diagnosis and a prepared sandbox, and two rounds to fix it."""
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update={"pipeline_fix_rounds": 2}))
    incident = an_incident(status=Status.FIXING)
    stage_done(incident, Stage.DIAGNOSIS, a_diagnosis())
    stage_done(incident, Stage.PREPARE, a_preparation(incident))
    return incident


def test_nothing_is_tried_before_the_sandbox_is_prepared(incident: Incident) -> None:
    StageRun.objects.filter(stage=Stage.PREPARE).delete()

    with pytest.raises(NotNow, match="prepare is not done yet"):
        round_next(incident)


def test_the_first_round_is_one(incident: Incident) -> None:
    assert round_next(incident) == Round(1, (1,))


@pytest.mark.parametrize("status", [StageStatus.RUNNING, StageStatus.WAITING, StageStatus.SUCCEEDED])
def test_a_round_without_a_trial_is_repeated_before_the_next(incident: Incident, status: StageStatus) -> None:
    stage_ended(incident, Stage.FIX, status)

    assert round_next(incident) == Round(1, (1,))


@pytest.mark.parametrize("status", [StageStatus.RUNNING, StageStatus.WAITING])
def test_a_round_whose_trial_did_not_end_is_repeated(incident: Incident, status: StageStatus) -> None:
    stage_ended(incident, Stage.FIX, StageStatus.SUCCEEDED)
    stage_ended(incident, Stage.TRIAL, status)

    assert round_next(incident) == Round(1, (1,))


def test_a_verdict_whose_worker_died_before_it_closed_its_stage_is_not_gone_on_from(incident: Incident) -> None:
    a_tried_fix(incident)
    StageRun.objects.filter(stage=Stage.TRIAL).update(status=StageStatus.RUNNING)

    assert round_next(incident) == Round(1, (1,))
    assert status_of(incident) == Status.FIXING


def test_a_round_in_which_nothing_could_be_written_is_over(incident: Incident) -> None:
    stage_ended(incident, Stage.FIX, StageStatus.FAILED)

    assert round_next(incident) == Round(2, (1,))


@pytest.mark.parametrize("verdict", NOT_FIXED)
def test_only_the_verdict_fixed_goes_on(incident: Incident, verdict: Verdict) -> None:
    a_tried_fix(incident, verdict=verdict)

    assert fix_chosen(incident) is None
    assert round_next(incident) == Round(2, (1,))
    assert status_of(incident) == Status.FIXING


def test_a_fix_that_passed_goes_on_to_review(incident: Incident) -> None:
    fix = a_tried_fix(incident)

    assert round_next(incident) is None
    assert fix_chosen(incident) == fix
    assert status_of(incident) == Status.REVIEWING


def test_after_the_last_round_a_person_is_told_the_last_verdict(incident: Incident) -> None:
    a_tried_fix(incident, verdict=Verdict.STILL_FAILING, reason="the crash is still there")
    a_tried_fix(incident, verdict=Verdict.REGRESSION, attempt=2, reason="orders cannot be shown any more")

    assert tasks._next_round(incident.pk) is None

    assert status_of(incident) == Status.NEEDS_HUMAN
    assert reason_of(incident) == (
        "No fix passed its tests in 2 rounds. The last one: regression, orders cannot be shown any more "
        "Read the attempts, then resume or fix by hand."
    )


def test_a_person_who_resumes_gives_a_fresh_set_of_rounds(incident: Incident) -> None:
    for attempt in (1, 2):
        a_tried_fix(incident, verdict=Verdict.NO_SIGNAL, attempt=attempt)
    tasks._next_round(incident.pk)
    incident.refresh_from_db()
    incident_resume(incident=incident, actor="user:ada")
    move(incident, Status.FIXING)

    for attempt in (3, 4):
        assert round_next(incident) == Round(attempt, (1,))
        a_tried_fix(incident, verdict=Verdict.NO_SIGNAL, attempt=attempt)
    with pytest.raises(NoFixPassed, match="in 4 rounds"):
        round_next(incident)


def test_a_review_that_asks_for_changes_gives_one_more_round_and_then_a_person(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "session_for", lambda *_arguments: None)
    monkeypatch.setattr(reviews, "review", lambda *_arguments: a_review(decision="request_changes"))
    a_tried_fix(incident, verdict=Verdict.NO_SIGNAL, attempt=1)
    a_tried_fix(incident, attempt=2)
    assert tasks._next_round(incident.pk) is None

    tasks.review(incident.pk)

    assert status_of(incident) == Status.FIXING
    assert tasks._next_round(incident.pk) == Round(3, (1,))

    a_tried_fix(incident, attempt=3)
    assert tasks._next_round(incident.pk) is None
    tasks.review(incident.pk)

    assert status_of(incident) == Status.NEEDS_HUMAN
    assert reason_of(incident).startswith("The review asked for changes twice: ")


def test_an_approving_review_leaves_the_incident_to_the_gate(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def approves(context: Any, _session: object) -> Review:
        asked.append(context.diff)
        return a_review()

    monkeypatch.setattr(reviews, "session_for", lambda *_arguments: None)
    monkeypatch.setattr(reviews, "review", approves)
    fix = a_tried_fix(incident)
    move(incident, Status.REVIEWING)

    tasks.review(incident.pk)
    tasks.review(incident.pk)

    assert status_of(incident) == Status.REVIEWING
    assert asked == [fix.diff]
    assert fix_chosen(incident) == fix


def test_of_a_round_the_smallest_candidate_that_passed_is_chosen(incident: Incident) -> None:
    a_tried_fix(incident, candidate=1, content=FIXED_TOTAL + "// and some words more\n")
    smallest = a_tried_fix(incident, candidate=2)
    a_tried_fix(incident, candidate=3, verdict=Verdict.REGRESSION, content="\n")

    assert fix_chosen(incident) == smallest


def test_of_two_rounds_the_later_one_is_chosen(incident: Incident) -> None:
    a_tried_fix(incident, attempt=1)
    later = a_tried_fix(incident, attempt=2, content=FIXED_TOTAL + "// and some words more\n")

    assert fix_chosen(incident) == later


def test_the_next_round_is_told_what_the_last_one_tried_and_why_it_failed(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = a_tried_fix(
        incident, verdict=Verdict.REGRESSION, reason="one test broke", failing_output="expected 6, got 0"
    )
    contexts: list[FixContext] = []

    def proposes(context: FixContext, *_arguments: object, **_keywords: object) -> ProposedFix:
        contexts.append(context)
        return ProposedFix(a_proposal(), Patch({"src/total.js": FIXED_TOTAL}))

    monkeypatch.setattr(fixes, "session_for", lambda *_arguments: None)
    monkeypatch.setattr(fixes, "propose_fix", proposes)

    tasks.propose(incident.pk, 2, 1)
    tasks.propose(incident.pk, 2, 1)

    [context] = contexts
    [previous] = context.previous
    assert (previous.diff, previous.verdict, previous.reason, previous.failing_output) == (
        first.diff,
        "regression",
        "one test broke",
        "expected 6, got 0",
    )
    written = Fix.objects.get(attempt=2)
    assert written.diff_sha256 == Patch({"src/total.js": FIXED_TOTAL}).sha256
    assert written.verdict == ""


def test_a_fix_that_uses_what_nobody_checked_of_a_dependency_says_so_where_it_is_shown(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "const _ = require('lodash');\nmodule.exports = { total: (order) => _.fooBar(order.lines) };\n"
    monkeypatch.setattr(fixes, "session_for", lambda *_arguments: None)
    monkeypatch.setattr(
        fixes, "propose_fix", lambda *_, **__: ProposedFix(a_proposal(), Patch({"src/total.js": source}))
    )

    tasks.propose(incident.pk, 1, 1)

    [warning] = Fix.objects.get().warnings
    assert "uses `fooBar` of `lodash`, which the repository uses nowhere else" in warning


def test_a_trial_marks_only_the_bytes_that_it_ran(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = _untried(incident)
    other = a_report(Patch({"src/total.js": "other bytes\n"}))
    _sandbox_says(monkeypatch, other)

    tasks.trial(incident.pk, 1, 1)

    fix.refresh_from_db()
    assert (fix.verdict, fix.report) == ("", None)
    assert fix_chosen(incident) is None


def test_a_trial_is_kept_with_its_fix_and_not_repeated(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix = _untried(incident)
    _sandbox_says(monkeypatch, a_report(fix.patch))
    tasks.trial(incident.pk, 1, 1)
    _sandbox_says(monkeypatch, a_report(fix.patch, verdict=Verdict.FLAKY))

    tasks.trial(incident.pk, 1, 1)

    fix.refresh_from_db()
    assert (fix.verdict, fix_chosen(incident)) == (Verdict.FIXED, fix)


def test_a_sandbox_that_is_away_leaves_the_same_round_to_be_tried(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    _untried(incident)

    def away() -> None:
        raise Unavailable("sandbox", "no engine answers")

    monkeypatch.setattr(fixes, "configured", away)

    tasks.trial(incident.pk, 1, 1)

    assert status_of(incident) == Status.OPEN
    assert reason_of(incident) == "Waiting for sandbox: no engine answers"
    assert round_next(incident) == Round(1, (1,))


def _untried(incident: Incident) -> Fix:
    fix = a_tried_fix(incident)
    StageRun.objects.filter(stage=Stage.TRIAL).delete()
    Fix.objects.update(verdict="", report=None)
    return fix


def _sandbox_says(monkeypatch: pytest.MonkeyPatch, report: object) -> None:
    monkeypatch.setattr(fixes, "configured", lambda: None)
    monkeypatch.setattr(fixes, "prepared_in", lambda *_arguments: None)
    monkeypatch.setattr(fixes, "try_fix", lambda *_arguments, **_keywords: report)
