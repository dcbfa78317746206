"""Several candidates in a round: side by side, each for itself, and the best of them becomes the pull request."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings

from agents.fix.agent import ProposedFix
from agents.fix.context import FixContext
from agents.review.handoff import Finding, Review
from agents.tests.stories import a_diagnosis, a_proposal
from approvals.choices import PairSource
from approvals.models import PreferencePair
from approvals.pairs import pairs_of_candidates
from approvals.tests.stories import prompt_kept
from config import celery_app
from core.errors import NeedsHuman
from core.patch import Patch
from incidents.choices import Severity, Stage, Status, Verdict
from incidents.models import Fix, Incident, PullRequest, StageRun
from integrations.localgit.host import LocalGitHost
from pipeline import fixes, graph, reviews, tasks
from pipeline.fixes import fix_chosen, round_next
from pipeline.rounds import Round, candidates_of
from pipeline.stages import pipeline_move
from pipeline.tests.stories import (
    FIXED_TOTAL,
    REPOSITORY,
    Killed,
    a_preparation,
    a_report,
    a_review,
    a_tried_fix,
    an_incident,
    leases_run_out,
    move,
    stage_done,
    status_of,
)

pytestmark = pytest.mark.django_db

# What each candidate writes: the longer, the higher its number.
CONTENTS = {candidate: FIXED_TOTAL + "// more\n" * candidate for candidate in (1, 2, 3)}


class NothingWritten(NeedsHuman):
    exit_reason = "NothingWritten"


@pytest.fixture
def incident(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> Incident:
    return a_severe_one(monkeypatch)


def a_severe_one(monkeypatch: pytest.MonkeyPatch) -> Incident:
    """Return a P1 that was diagnosed, whose candidates are written and tried without model and sandbox."""
    incident = an_incident(status=Status.FIXING, severity=Severity.P1)
    stage_done(incident, Stage.DIAGNOSIS, a_diagnosis())
    stage_done(incident, Stage.PREPARE, a_preparation(incident))
    monkeypatch.setattr(fixes, "session_for", lambda *_arguments: None)
    monkeypatch.setattr(fixes, "configured", lambda: None)
    monkeypatch.setattr(fixes, "prepared_in", lambda *_arguments: None)
    written(monkeypatch, lambda context: CONTENTS[context.candidate])
    judged(monkeypatch, lambda _patch: Verdict.FIXED)
    return incident


def written(monkeypatch: pytest.MonkeyPatch, content: Callable[[FixContext], str]) -> None:
    """Let each candidate write what `content` says."""

    def propose(context: FixContext, *_arguments: object, **_keywords: object) -> ProposedFix:
        return ProposedFix(a_proposal(), Patch({"src/total.js": content(context)}))

    monkeypatch.setattr(fixes, "propose_fix", propose)


def judged(monkeypatch: pytest.MonkeyPatch, verdict: Callable[[Patch], Verdict]) -> list[Patch]:
    """Let the sandbox say what `verdict` says; return the patches that it was given."""
    given: list[Patch] = []

    def try_fix(_sandbox: object, _prepared: object, patch: Patch, **_keywords: object) -> Any:
        given.append(patch)
        return a_report(patch, verdict=verdict(patch))

    monkeypatch.setattr(fixes, "try_fix", try_fix)
    return given


def reviewed(monkeypatch: pytest.MonkeyPatch, review: Callable[[str], Review]) -> list[str]:
    """Let the second reader say what `review` says of a diff; return the diffs that it read."""
    read: list[str] = []

    def reads(context: Any, _session: object) -> Review:
        read.append(context.diff)
        return review(context.diff)

    monkeypatch.setattr(reviews, "session_for", lambda *_arguments: None)
    monkeypatch.setattr(reviews, "review", reads)
    return read


def lines_added(diff: str) -> int:
    return diff.count("// more")


@pytest.mark.parametrize(("severity", "count"), [("P0", 3), ("P1", 3), ("P2", 1), ("P3", 1), ("", 1)])
def test_a_severe_incident_has_three_candidates_and_any_other_one(
    host: LocalGitHost, severity: str, count: int
) -> None:
    assert candidates_of(an_incident(severity=severity)) == count


def test_both_numbers_are_settings(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {"pipeline_candidates": 2, "pipeline_severe_candidates": 5}
    monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=chosen))

    assert candidates_of(an_incident(severity=Severity.P2)) == 2
    assert candidates_of(an_incident(severity=Severity.P0)) == 5


@pytest.mark.django_db(transaction=True)
def test_a_round_runs_as_a_chord_and_its_best_candidate_becomes_the_pull_request(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = a_severe_one(monkeypatch)
    # The first fails; of the others the review likes the longer one better.
    judged(
        monkeypatch,
        lambda patch: Verdict.STILL_FAILING if patch.files["src/total.js"] == CONTENTS[1] else Verdict.FIXED,
    )
    read = reviewed(monkeypatch, lambda diff: a_review(risk="LOW" if lines_added(diff) == 3 else "MEDIUM"))

    celery_app.control.purge()
    with start_worker(celery_app, pool="threads", concurrency=4, perform_ping_check=False, shutdown_timeout=30):
        graph.fix_round(incident.pk, Round(1, (1, 2, 3))).apply_async()
        given_up_at = time.monotonic() + 60
        while status_of(incident) == Status.FIXING and time.monotonic() < given_up_at:
            time.sleep(0.05)

    assert status_of(incident) == Status.REVIEWING
    # Whoever listens for what a join counts keeps each of them for as long as the process lives.
    backend: Any = celery_app.backend
    assert not backend.result_consumer.subscribed_to
    assert not any(backend._pending_results)
    verdicts = Fix.objects.order_by("candidate").values_list("verdict", flat=True)
    assert list(verdicts) == [Verdict.STILL_FAILING, Verdict.FIXED, Verdict.FIXED]
    tasks.review(incident.pk)
    assert sorted(map(lines_added, read)) == [2, 3]
    incident.refresh_from_db()
    Incident.objects.filter(pk=incident.pk).update(severity=Severity.P2)
    pipeline_move(incident, Status.OPENING_PR)

    tasks.open_pull_request(incident.pk)

    opened = PullRequest.objects.get()
    content = (host.checkout(REPOSITORY, opened.head_commit).path / "src/total.js").read_text()
    assert content == CONTENTS[3]
    assert opened.diff_sha256 == Patch({"src/total.js": CONTENTS[3]}).sha256 == opened.fix.diff_sha256


def test_of_equal_reviews_the_smallest_change_is_chosen(incident: Incident) -> None:
    for candidate in (3, 2, 1):
        a_tried_fix(incident, candidate=candidate, content=CONTENTS[candidate], review=a_review())

    assert fix_chosen(incident) == Fix.objects.get(candidate=1)


def test_a_finding_weighs_more_than_size_and_the_risk_more_than_findings(incident: Incident) -> None:
    note = Finding(severity="minor", path="src/total.js", message="name the default")
    with_notes = a_review().model_copy(update={"findings": [note, note]})
    a_tried_fix(incident, candidate=1, content=CONTENTS[1], review=a_review(risk="MEDIUM"))
    a_tried_fix(incident, candidate=2, content=CONTENTS[2], review=with_notes)
    assert fix_chosen(incident) == Fix.objects.get(candidate=2)

    a_tried_fix(incident, candidate=3, content=CONTENTS[3], review=a_review())
    assert fix_chosen(incident) == Fix.objects.get(candidate=3)


def test_nothing_goes_through_the_gate_while_a_candidate_waits_for_its_review(incident: Incident) -> None:
    a_tried_fix(incident, candidate=1, content=CONTENTS[1], review=a_review())
    a_tried_fix(incident, candidate=2, content=CONTENTS[2])
    move(incident, Status.REVIEWING)

    tasks.gate(incident.pk)

    assert status_of(incident) == Status.REVIEWING
    assert not StageRun.objects.filter(stage=Stage.GATE).exists()


def test_a_review_that_died_between_two_candidates_reads_only_what_is_left(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    for candidate in (1, 2):
        a_tried_fix(incident, candidate=candidate, content=CONTENTS[candidate])
    move(incident, Status.REVIEWING)

    def dies(diff: str) -> Review:
        if lines_added(diff) == 2:
            raise Killed
        return a_review()

    reviewed(monkeypatch, dies)
    with pytest.raises(Killed):
        tasks.review(incident.pk)
    leases_run_out()
    read = reviewed(monkeypatch, lambda _diff: a_review())

    tasks.review(incident.pk)

    assert [lines_added(diff) for diff in read] == [2]
    assert all(fix.review for fix in Fix.objects.all())


def test_one_approved_candidate_is_enough_and_none_goes_back(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    for candidate in (1, 2):
        a_tried_fix(incident, candidate=candidate, content=CONTENTS[candidate])
    move(incident, Status.REVIEWING)
    reviewed(
        monkeypatch, lambda diff: a_review(decision="approve" if lines_added(diff) == 2 else "request_changes")
    )

    tasks.review(incident.pk)

    assert status_of(incident) == Status.REVIEWING
    assert fix_chosen(incident) == Fix.objects.get(candidate=2)

    StageRun.objects.filter(stage=Stage.REVIEW).delete()
    reviewed(monkeypatch, lambda _diff: a_review(decision="request_changes"))
    tasks.review(incident.pk)
    assert status_of(incident) == Status.FIXING


def test_a_killed_round_goes_on_with_the_candidates_that_are_left(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.propose(incident.pk, 1, 1)
    tasks.trial(incident.pk, 1, 1)
    tasks.propose(incident.pk, 1, 2)
    # Candidate 1 has passed, 2 is written, 3 has not begun: that a fix is there already ends nothing.
    assert round_next(incident) == Round(1, (2, 3))
    given = judged(monkeypatch, lambda _patch: Verdict.FIXED)

    for candidate in (1, 2, 3):
        for _delivery in range(2):
            tasks.propose(incident.pk, 1, candidate)
            tasks.trial(incident.pk, 1, candidate)

    assert [patch.files["src/total.js"] for patch in given] == [CONTENTS[2], CONTENTS[3]]
    assert round_next(incident) is None
    assert Fix.objects.filter(verdict=Verdict.FIXED).count() == 3


def test_a_candidate_that_cannot_be_written_takes_no_other_with_it(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(context: FixContext) -> str:
        if context.candidate == 2:
            raise NothingWritten("the model gave up")
        return CONTENTS[context.candidate]

    written(monkeypatch, content)
    for candidate in (2, 1, 3):
        tasks.propose(incident.pk, 1, candidate)
        tasks.trial(incident.pk, 1, candidate)

    assert status_of(incident) == Status.FIXING
    assert round_next(incident) is None
    assert fix_chosen(incident) == Fix.objects.get(candidate=1)
    assert Fix.objects.count() == 2


def test_a_round_in_which_no_candidate_could_be_written_goes_to_a_person(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content(_context: FixContext) -> str:
        raise NothingWritten("the model gave up")

    written(monkeypatch, content)
    for candidate in (1, 2, 3):
        assert status_of(incident) == Status.FIXING
        tasks.propose(incident.pk, 1, candidate)

    assert status_of(incident) == Status.NEEDS_HUMAN


def test_the_same_bytes_are_tried_once_in_a_round(incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    written(monkeypatch, lambda _context: FIXED_TOTAL)
    given = judged(monkeypatch, lambda _patch: Verdict.STILL_FAILING)

    for candidate in (1, 2, 3):
        tasks.propose(incident.pk, 1, candidate)
        tasks.trial(incident.pk, 1, candidate)

    assert len(given) == 1
    assert StageRun.objects.filter(stage=Stage.TRIAL, exit_reason="SameBytes").count() == 2
    assert status_of(incident) == Status.FIXING
    assert round_next(incident) == Round(2, (1, 2, 3))


def test_a_worker_that_lost_its_candidate_to_another_one_writes_nothing(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: Iterator[str] = iter(["// by the one that was late\n"])

    def content(context: FixContext) -> str:
        text = next(late, "")
        if text:
            # While this worker slept its lease ran out, and another one wrote and tried the candidate.
            leases_run_out()
            tasks.propose(incident.pk, 1, 1)
            tasks.trial(incident.pk, 1, 1)
        return text or CONTENTS[context.candidate]

    written(monkeypatch, content)

    tasks.propose(incident.pk, 1, 1)

    fix = Fix.objects.get()
    assert (fix.files["src/total.js"], fix.verdict) == (CONTENTS[1], Verdict.FIXED)
    assert fix.patch.sha256 == fix.diff_sha256 == (fix.report or {})["patch_sha256"]
    assert status_of(incident) == Status.FIXING


def test_a_verdict_that_comes_late_does_not_replace_the_one_that_counts(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.propose(incident.pk, 1, 1)
    verdicts = iter([Verdict.REGRESSION, Verdict.FIXED])

    def verdict(_patch: Patch) -> Verdict:
        found = next(verdicts)
        if found == Verdict.REGRESSION:
            leases_run_out()
            tasks.trial(incident.pk, 1, 1)
        return found

    judged(monkeypatch, verdict)

    tasks.trial(incident.pk, 1, 1)

    assert Fix.objects.get().verdict == Verdict.FIXED


def test_a_candidate_that_passed_and_one_that_failed_are_a_preference_pair(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(
        monkeypatch,
        lambda patch: Verdict.REGRESSION if patch.files["src/total.js"] == CONTENTS[1] else Verdict.FIXED,
    )
    for candidate in (1, 2):
        tasks.propose(incident.pk, 1, candidate)
        prompt_kept(Fix.objects.get(candidate=candidate), f"Round 1, candidate {candidate}: mend the total.")
        tasks.trial(incident.pk, 1, candidate)

    pairs_of_candidates(incidents=Incident.objects.all())
    pairs_of_candidates(incidents=Incident.objects.all())

    pair = PreferencePair.objects.get()
    assert pair.source == PairSource.SANDBOX
    assert (lines_added(pair.chosen), lines_added(pair.rejected)) == (2, 1)
