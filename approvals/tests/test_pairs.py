"""Preference pairs: from every source one, both answers to one prompt, different, without secrets."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from approvals.better_patches import better_patch_add, better_patch_claim, better_patch_judged
from approvals.choices import PairSource, RejectionReason, TrialState
from approvals.edited_patch import Better
from approvals.hand_work import hand_work_search
from approvals.models import Approval, BetterPatch, PairSearch, PreferencePair
from approvals.pairs import pair_add, pairs_of_approvals, pairs_of_candidates
from approvals.selectors import rejection_reasons
from approvals.services import approval_approve, approval_reject
from approvals.tests.stories import PROMPT, a_fix, a_question, person, prompt_kept
from core.patch import Patch
from incidents.choices import PullRequestState, Severity, Status, Verdict
from incidents.models import Fix, Incident, PullRequest
from incidents.services import pull_request_closed, pull_request_reopened
from incidents.tests.factories import PullRequestFactory
from integrations.git import git
from integrations.git_commits import commit_write, tree_with
from integrations.localgit.host import LocalGitHost
from pipeline.facts import deployed_checkout
from pipeline.tests.stories import FIXED_TOTAL, REPOSITORY, a_review, a_tried_fix, move

pytestmark = pytest.mark.django_db

BETTER = FIXED_TOTAL.replace("?? []", "|| []")
THE_PROMPT = [{"role": "user", "content": PROMPT}]


def better(fix: Fix, content: str = BETTER) -> Better:
    patch = Patch({"src/total.js": content})
    return Better(patch, patch.diff(deployed_checkout(fix.incident).path))


def judged(patch: BetterPatch, verdict: Verdict = Verdict.FIXED, sha256: str = "") -> None:
    claimed = better_patch_claim(pk=patch.pk)
    assert claimed is not None
    better_patch_judged(claimed, verdict=verdict, explanation="so", tried_sha256=sha256 or patch.sha256)


def push(host: LocalGitHost, files: dict[str, str | None], *, parents: list[str], branch: str = "main") -> str:
    """Let a person commit `files` on the first parent and return the commit; an empty parent makes it a root."""
    git_dir = host.git_dir(REPOSITORY)
    commit = commit_write(
        git_dir,
        tree=tree_with(git_dir, parents[0], files),
        parents=[] if "" in parents else parents,
        message="By hand\n",
        name="Cy",
        email="cy@example.test",
        at=timezone.now(),
    )
    git("update-ref", f"refs/heads/{branch}", commit, directory=git_dir)
    return commit


def ended(fix: Fix, state: PullRequestState, *, merge_commit: str = "", at: datetime | None = None) -> PullRequest:
    pull_request: PullRequest = PullRequestFactory.create(
        incident=fix.incident,
        fix=fix,
        repository=REPOSITORY,
        state=state,
        merge_commit=merge_commit,
        closed_at=at or timezone.now(),
    )
    return pull_request


def test_an_edited_patch_makes_a_pair_once_the_sandbox_says_fixed(host: LocalGitHost) -> None:
    approval = a_question()
    ada = person()
    approval_reject(
        approval=approval,
        user=ada,
        reason=RejectionReason.FIX_WRONG,
        comment="null too; token=abcdef123456789",
        better=better(approval.fix),
    )
    assert not PreferencePair.objects.exists()

    judged(BetterPatch.objects.get())

    pair = PreferencePair.objects.get()
    assert (pair.prompt, pair.source, pair.reason, pair.decided_by) == (
        THE_PROMPT,
        PairSource.EDITED_PATCH,
        RejectionReason.FIX_WRONG,
        ada,
    )
    assert pair.chosen == better(approval.fix).diff
    assert pair.rejected == approval.fix.diff
    assert "abcdef123456789" not in pair.comment


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict != Verdict.FIXED])
def test_an_edited_patch_that_does_not_pass_makes_none(host: LocalGitHost, verdict: Verdict) -> None:
    patch = better_patch_of(a_fix())

    judged(patch, verdict)

    patch.refresh_from_db()
    assert patch.state == TrialState.FAILED
    assert not PreferencePair.objects.exists()


def test_a_verdict_about_other_bytes_makes_none(host: LocalGitHost) -> None:
    judged(better_patch_of(a_fix()), sha256="0" * 64)

    assert not PreferencePair.objects.exists()


def better_patch_of(fix: Fix) -> BetterPatch:
    answer = better(fix)
    return better_patch_add(
        fix=fix, source=PairSource.EDITED_PATCH, patch=answer.patch, diff=answer.diff, origin="user:ada"
    )


def test_a_patch_is_claimed_by_one_worker_and_judged_once(host: LocalGitHost) -> None:
    patch = better_patch_of(a_fix())
    first = better_patch_claim(pk=patch.pk)
    assert first is not None

    assert better_patch_claim(pk=patch.pk) is None
    for _ in range(2):
        better_patch_judged(first, verdict=Verdict.FIXED, explanation="", tried_sha256=patch.sha256)

    assert PreferencePair.objects.count() == 1
    assert better_patch_claim(pk=patch.pk) is None


def rejected_then_approved(*, content: str = BETTER) -> tuple[Fix, Approval]:
    """Return a rejected fix and the approval of a later one for the same error and diagnosis."""
    first = a_question()
    approval_reject(approval=first, user=person("ada"), reason=RejectionReason.STYLE, comment="shorter")
    second = a_question(content=content)
    Incident.objects.filter(pk=second.incident_id).update(
        fingerprint=first.incident.fingerprint, service=first.incident.service
    )
    approval_approve(approval=Approval.objects.get(pk=second.pk), user=person("bo"))
    return first.fix, second


def test_a_fix_approved_after_a_rejection_for_the_same_diagnosis_makes_a_pair(host: LocalGitHost) -> None:
    rejected, approval = rejected_then_approved()

    for _ in range(2):
        pairs_of_approvals(approvals=Approval.objects.all())

    pair = PreferencePair.objects.get()
    assert (pair.prompt, pair.source, pair.reason) == (
        THE_PROMPT,
        PairSource.ACCEPTED_LATER,
        RejectionReason.STYLE,
    )
    assert (pair.chosen, pair.rejected) == (approval.fix.diff, rejected.diff)


def test_a_fix_approved_on_other_sources_does_not_answer_the_earlier_prompt(host: LocalGitHost) -> None:
    _, approval = rejected_then_approved()
    head = push(host, {"src/total.js": "module.exports = 1;\n"}, parents=[host.resolve(REPOSITORY, "main")])
    Fix.objects.filter(pk=approval.fix_id).update(base_commit=head)

    assert pairs_of_approvals(approvals=Approval.objects.all()) == 0


def test_a_fix_approved_for_another_diagnosis_makes_none(host: LocalGitHost) -> None:
    _, approval = rejected_then_approved()
    run = approval.incident.stage_runs.get(stage="diagnosis")
    assert run.output is not None
    run.output["location"]["function"] = "anotherFunction"
    run.save()

    assert pairs_of_approvals(approvals=Approval.objects.all()) == 0


def test_what_people_committed_before_the_merge_is_tried_and_then_makes_a_pair(
    host: LocalGitHost,
) -> None:
    fix = a_fix()
    ours = push(host, fix.files, parents=[fix.base_commit], branch="ours")
    theirs = push(host, {"src/total.js": BETTER}, parents=[ours], branch="ours")
    merge = push(host, {"src/total.js": BETTER}, parents=[fix.base_commit, theirs])
    PullRequest.objects.filter(pk=ended(fix, PullRequestState.MERGED, merge_commit=merge).pk).update(
        head_commit=ours
    )
    cy = User.objects.create_user("cy", email="Cy@example.test")

    hand_work_search()
    hand_work_search()
    judged(BetterPatch.objects.get())

    pair = PreferencePair.objects.get()
    assert (pair.source, pair.prompt) == (PairSource.HUMAN_COMMIT, THE_PROMPT)
    assert (pair.chosen, pair.rejected) == (better(fix).diff, fix.diff)
    assert (pair.author, pair.decided_by) == ("cy@example.test", cy)


def test_a_squashed_merge_is_its_authors(host: LocalGitHost) -> None:
    fix = a_fix()
    squashed = push(host, {"src/total.js": BETTER}, parents=[fix.base_commit])
    ended(fix, PullRequestState.MERGED, merge_commit=squashed)

    hand_work_search()

    assert BetterPatch.objects.get().author == "cy@example.test"


@pytest.mark.parametrize("accounts", [[], ["one", "two"], ["inactive"]])
def test_whom_no_account_or_more_than_one_fits_is_kept_by_name_only(
    host: LocalGitHost, monkeypatch: pytest.MonkeyPatch, accounts: list[str]
) -> None:
    monkeypatch.setattr(LocalGitHost, "logins", lambda *_: ["cy-at-the-host"])
    for name in accounts:
        User.objects.create_user(name, email="cy-at-the-host", is_active=name != "inactive")
    fix = a_fix()
    merge = push(host, {"src/total.js": BETTER}, parents=[fix.base_commit])
    ended(fix, PullRequestState.MERGED, merge_commit=merge)

    hand_work_search()
    judged(BetterPatch.objects.get())

    pair = PreferencePair.objects.get()
    assert (pair.author, pair.decided_by) == ("cy-at-the-host", None)


def test_what_was_merged_as_it_was_makes_none(host: LocalGitHost) -> None:
    fix = a_fix()
    ours = push(host, fix.files, parents=[fix.base_commit], branch="ours")
    merge = push(host, fix.files, parents=[fix.base_commit, ours])
    ended(fix, PullRequestState.MERGED, merge_commit=merge)

    hand_work_search()

    assert PairSearch.objects.get().outcome == "merged as it was"
    assert not BetterPatch.objects.exists()


def test_a_history_that_was_begun_anew_stops_no_search(host: LocalGitHost) -> None:
    ended(a_fix(), PullRequestState.CLOSED)
    root = push(host, {"src/total.js": "// begun anew\n"}, parents=[host.resolve(REPOSITORY, "main"), ""])
    by_hand = push(host, {"src/total.js": BETTER}, parents=[root])

    hand_work_search()

    assert PairSearch.objects.get().looked_at_commit == by_hand


def test_a_fix_by_hand_after_closing_ours_goes_to_the_sandbox_with_our_regression_test(host: LocalGitHost) -> None:
    fix = a_fix()
    test = "test('nothing', () => {});\n"
    Fix.objects.filter(pk=fix.pk).update(files={**fix.files, "tests/new.test.js": test})
    ended(fix, PullRequestState.CLOSED)
    hand_work_search()
    assert not BetterPatch.objects.exists()
    elsewhere = push(host, {"README.md": "Read me.\n"}, parents=[host.resolve(REPOSITORY, "main")])
    by_hand = push(host, {"src/total.js": BETTER}, parents=[elsewhere])

    hand_work_search()

    patch = BetterPatch.objects.get()
    assert patch.files == {"src/total.js": BETTER, "tests/new.test.js": test}
    assert patch.origin == f"commit {by_hand[:12]} by Cy"
    judged(patch)
    pair = PreferencePair.objects.get()
    assert (pair.source, pair.author) == (PairSource.FIXED_BY_HAND, "cy@example.test")


def test_a_change_of_a_file_that_others_changed_before_is_no_answer_to_our_prompt(
    host: LocalGitHost,
) -> None:
    fix = a_fix()
    other = push(host, {"src/total.js": "module.exports = 1;\n"}, parents=[host.resolve(REPOSITORY, "main")])
    ended(fix, PullRequestState.CLOSED)
    Fix.objects.filter(pk=fix.pk).update(base_commit=other)
    push(host, {"src/total.js": "module.exports = 2;\n"}, parents=[other])
    push(host, {"src/total.js": BETTER}, parents=[host.resolve(REPOSITORY, "main")])
    BetterPatch.objects.all().delete()

    hand_work_search()

    assert [patch.files["src/total.js"] for patch in BetterPatch.objects.all()] == ["module.exports = 2;\n"]


def two_candidates(*, second_prompt: str) -> Incident:
    fix = a_fix(verdict=Verdict.STILL_FAILING)
    a_tried_fix(fix.incident, candidate=2, content=BETTER, review=a_review())
    prompt_kept(fix.incident.fixes.get(candidate=2), second_prompt)
    return fix.incident


def test_a_passing_and_a_failing_candidate_of_one_prompt_make_a_pair_without_a_person(host: LocalGitHost) -> None:
    two_candidates(second_prompt=PROMPT.replace("candidate 1", "candidate 2"))

    for _ in range(2):
        pairs_of_candidates(incidents=Incident.objects.all())

    pair = PreferencePair.objects.get()
    assert (pair.source, pair.decided_by, pair.prompt) == (PairSource.SANDBOX, None, THE_PROMPT)
    assert "|| []" in pair.chosen
    assert "?? []" in pair.rejected


def test_candidates_of_different_prompts_make_none(host: LocalGitHost) -> None:
    two_candidates(second_prompt=PROMPT + " And hurry.")

    assert pairs_of_candidates(incidents=Incident.objects.all()) == 0


def test_both_answers_always_differ(host: LocalGitHost) -> None:
    fix = a_fix()

    assert pair_add(rejected=fix, chosen_diff=fix.diff, source=PairSource.SANDBOX) is None
    with pytest.raises(IntegrityError, match="pair_differs"), transaction.atomic():
        PreferencePair.objects.create(
            incident=fix.incident, prompt=THE_PROMPT, chosen="x", rejected="x", source=PairSource.SANDBOX
        )


def test_answers_that_differ_in_a_secret_alone_are_the_same(host: LocalGitHost) -> None:
    fix = a_fix(content=FIXED_TOTAL + "// password=hunter22-one\n")
    other = fix.diff.replace("hunter22-one", "hunter22-two")

    assert pair_add(rejected=fix, chosen_diff=other, source=PairSource.SANDBOX) is None


def test_secrets_are_taken_out_of_prompt_and_answers(host: LocalGitHost) -> None:
    fix = a_fix(content=FIXED_TOTAL + "// password=hunter22-one\n")
    run = fix.incident.stage_runs.get(stage="fix").steps.get(number=0)
    run.content = [{"type": "text", "text": "the log says password=hunter22-three"}]
    run.save()

    chosen = better(fix).diff + "+// password=hunter22-two\n"
    pair = pair_add(rejected=fix, chosen_diff=chosen, source=PairSource.SANDBOX)

    assert pair is not None
    assert "hunter22" not in f"{pair.prompt}{pair.chosen}{pair.rejected}"
    assert f"{pair.prompt}".count("[redacted:credential]") == 1


def test_a_fix_whose_prompt_was_not_kept_makes_none(host: LocalGitHost) -> None:
    fix = a_fix()
    fix.incident.stage_runs.get(stage="fix").steps.all().delete()

    assert pair_add(rejected=fix, chosen_diff=better(fix).diff, source=PairSource.SANDBOX) is None


def test_rejections_of_an_error_are_given_to_the_next_fix_of_it_and_to_no_other(host: LocalGitHost) -> None:
    rejected, later = rejected_then_approved()
    other = a_fix(severity=Severity.P2).incident
    move(other, Status.OPEN)
    same_text = a_fix().incident
    Incident.objects.filter(pk__in=[rejected.incident_id, same_text.pk]).update(
        error_fingerprint="e" * 64, service=rejected.incident.service
    )

    later.incident.refresh_from_db()
    same_text.refresh_from_db()
    assert rejection_reasons(incident=later.incident) == ["Style: shorter"]
    assert rejection_reasons(incident=same_text) == ["Style: shorter"]
    assert rejection_reasons(incident=other) == []


def test_what_a_person_wrote_while_closing_a_pull_request_is_given_to_the_next_fix_too(host: LocalGitHost) -> None:
    closed = a_fix().incident
    opened = PullRequestFactory.create(incident=closed, fix=closed.fixes.get())
    move(closed, Status.PR_OPEN)
    pull_request_closed(pull_request=opened, actor="system:merge_webhook", reason="ada closed it: wrong cause")
    again = a_fix().incident
    Incident.objects.filter(pk__in=[closed.pk, again.pk]).update(
        error_fingerprint="e" * 64, service=closed.service
    )
    again.refresh_from_db()

    assert rejection_reasons(incident=again) == ["ada closed it: wrong cause"]

    pull_request_reopened(pull_request=opened, actor="system:merge_webhook", reason="ada opened it again")
    assert rejection_reasons(incident=again) == []
