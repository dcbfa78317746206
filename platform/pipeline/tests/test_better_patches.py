"""A person's patch is tried in the sandbox as a fix is, and counts only for the bytes that passed."""

import pytest

from approvals.better_patches import better_patch_add
from approvals.choices import PairSource, TrialState
from approvals.models import BetterPatch, PreferencePair
from approvals.tests.stories import a_fix
from core.patch import Patch
from incidents.choices import Stage, Verdict
from integrations.localgit.host import LocalGitHost
from pipeline import better_patches, tasks
from pipeline.facts import deployed_checkout
from pipeline.tests.stories import FIXED_TOTAL, a_preparation, a_report, stage_done
from sandbox.contract import SandboxRefused, SandboxUnavailable

pytestmark = pytest.mark.django_db

BETTER = Patch({"src/total.js": FIXED_TOTAL.replace("?? []", "|| []")})


@pytest.fixture
def patch(host: LocalGitHost, monkeypatch: pytest.MonkeyPatch) -> BetterPatch:
    fix = a_fix()
    stage_done(fix.incident, Stage.PREPARE, a_preparation(fix.incident))
    monkeypatch.setattr(better_patches, "configured", lambda: object())
    monkeypatch.setattr(better_patches, "prepared_in", lambda _sandbox, incident: a_preparation(incident).prepared)
    return better_patch_add(
        fix=fix,
        source=PairSource.EDITED_PATCH,
        patch=BETTER,
        diff=BETTER.diff(deployed_checkout(fix.incident).path),
        origin="user:ada",
    )


def sandbox_says(monkeypatch: pytest.MonkeyPatch, outcome: Verdict | Exception) -> list[Patch]:
    """Let trials end so; return the list that fills with what was tried."""
    tried: list[Patch] = []

    def try_fix(_sandbox: object, _prepared: object, patch: Patch, **_kwargs: object) -> object:
        tried.append(patch)
        if isinstance(outcome, Exception):
            raise outcome
        return a_report(patch, verdict=outcome, failing_output="it says why")

    monkeypatch.setattr(better_patches, "try_fix", try_fix)
    return tried


def test_exactly_the_persons_bytes_are_tried_and_become_a_pair(
    patch: BetterPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = sandbox_says(monkeypatch, Verdict.FIXED)

    tasks.try_better_patch(patch.pk)
    tasks.try_better_patch(patch.pk)

    patch.refresh_from_db()
    assert tried == [BETTER]
    assert (patch.state, patch.verdict) == (TrialState.PASSED, Verdict.FIXED)
    assert PreferencePair.objects.count() == 1


def test_a_patch_that_breaks_something_does_not_count_and_says_why(
    patch: BetterPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox_says(monkeypatch, Verdict.REGRESSION)

    tasks.try_better_patch(patch.pk)

    patch.refresh_from_db()
    assert (patch.state, patch.verdict) == (TrialState.FAILED, Verdict.REGRESSION)
    assert "it says why" in patch.explanation
    assert not PreferencePair.objects.exists()


def test_without_a_sandbox_it_waits_and_is_tried_when_there_is_one(
    patch: BetterPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox_says(monkeypatch, SandboxUnavailable("the engine is gone"))
    tasks.try_better_patch(patch.pk)
    patch.refresh_from_db()
    assert (patch.state, patch.lease_expires_at) == (TrialState.WAITING, None)

    sandbox_says(monkeypatch, Verdict.FIXED)
    tasks.try_better_patch(patch.pk)

    patch.refresh_from_db()
    assert patch.state == TrialState.PASSED


def test_a_patch_that_the_sandbox_refuses_fails_with_its_reason(
    patch: BetterPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox_says(monkeypatch, SandboxRefused("a link leaves the tree"))

    tasks.try_better_patch(patch.pk)

    patch.refresh_from_db()
    assert (patch.state, patch.verdict) == (TrialState.FAILED, Verdict.NO_VERDICT)
    assert "a link leaves the tree" in patch.explanation
