"""What people made of our pull requests: commits on top of one, or a fix of their own after they closed it."""

from datetime import timedelta
from pathlib import Path

import structlog
from django.utils import timezone

from approvals.authors import author_of, commits_by_people
from approvals.better_patches import better_patch_add
from approvals.branch import files_at
from approvals.choices import PairSource
from approvals.models import PairSearch
from core.errors import PlatformError, Unavailable
from core.patch import Patch
from core.test_paths import is_test_path
from incidents.choices import PullRequestState
from incidents.models import Fix, PullRequest
from integrations.codehost import CodeHost, Commit
from integrations.codehosts import code_host
from integrations.git import git
from integrations.git_commits import parents_of

logger = structlog.get_logger(__name__)

SEARCH_FOR = timedelta(days=14)
COMMITS_SEEN = 100


def hand_work_search() -> None:
    """Look at every ended pull request that was not searched to its end; what is found goes to the sandbox."""
    ended = PullRequest.objects.exclude(state=PullRequestState.OPEN).exclude(
        pair_search__finished_at__isnull=False
    )
    for pull_request in ended.select_related("incident__service", "fix__incident__service"):
        search, _ = PairSearch.objects.get_or_create(pull_request=pull_request)
        try:
            if pull_request.state == PullRequestState.MERGED:
                _finish(search, commits_on_top(pull_request))
            else:
                _search_default_branch(pull_request, search)
        except Unavailable as error:
            logger.info("hand_work.later", pull_request=str(pull_request), error=str(error))
        except PlatformError as error:
            _finish(search, f"cannot be searched: {error}")


def commits_on_top(pull_request: PullRequest) -> str:
    """Keep what was merged if people changed our change before the merge; return what was found."""
    fix, host = pull_request.fix, code_host()
    merged = host.checkout(pull_request.repository, pull_request.merge_commit)
    before = parents_of(merged.git_dir, pull_request.merge_commit)[0]
    patch = _patch_of_commit(host, fix, before=before, commit=pull_request.merge_commit)
    if patch is None:
        return "what was merged cannot be told from other changes"
    if patch.sha256 == fix.diff_sha256:
        return "merged as it was"
    commits = commits_by_people(
        merged.git_dir, merge=pull_request.merge_commit, ours=pull_request.head_commit, before=before
    )
    _keep(
        host,
        fix,
        patch,
        source=PairSource.HUMAN_COMMIT,
        origin=f"merged as {pull_request.merge_commit[:12]}",
        author=author_of(host, repository=pull_request.repository, git_dir=merged.git_dir, commits=commits),
    )
    return "people changed it before the merge"


def _search_default_branch(pull_request: PullRequest, search: PairSearch) -> None:
    fix, host = pull_request.fix, code_host()
    head = host.resolve(pull_request.repository, fix.incident.service.default_branch)
    if head != search.looked_at_commit:
        search.looked_at_commit = head
        search.save(update_fields=["looked_at_commit"])
        commit = fixed_by_hand(pull_request, head=head)
        if commit:
            _finish(search, f"perhaps fixed by hand in {commit[:12]}")
            return
    closed_at = pull_request.closed_at or pull_request.opened_at
    if timezone.now() - closed_at > SEARCH_FOR:
        _finish(search, "nobody fixed it by hand in time")


def fixed_by_hand(pull_request: PullRequest, *, head: str) -> str:
    """Keep the first commit since our fix's base that changes a file of it in a way that answers our prompt.

    Whether it mends the same error is for the sandbox to say: our regression tests are tried with it.
    Returns the commit, or "" if there is none.
    """
    fix, host = pull_request.fix, code_host()
    ours = {path for path in fix.files if not is_test_path(path)}
    git_dir = host.checkout(pull_request.repository, head).git_dir
    for commit in reversed(_since(host, pull_request.repository, head, fix.base_commit)):
        if not ours.intersection(commit.paths):
            continue
        parents = parents_of(git_dir, commit.sha)
        if not parents:
            continue  # the history was begun anew since: its first commit is nobody's answer
        theirs = _patch_of_commit(host, fix, before=parents[0], commit=commit.sha)
        if theirs is None:
            continue
        tests = {path: text for path, text in fix.files.items() if is_test_path(path)}
        patch = Patch({**tests, **theirs.files})
        if patch.sha256 != fix.diff_sha256:
            origin = f"commit {commit.sha[:12]} by {commit.author}"
            author = author_of(host, repository=pull_request.repository, git_dir=git_dir, commits=[commit.sha])
            _keep(host, fix, patch, source=PairSource.FIXED_BY_HAND, origin=origin, author=author)
            return commit.sha
    return ""


def _since(host: CodeHost, repository: str, head: str, base: str) -> list[Commit]:
    commits = host.commits(repository, head, limit=COMMITS_SEEN)
    shas = [commit.sha for commit in commits]
    return commits[: shas.index(base)] if base in shas else commits


def _patch_of_commit(host: CodeHost, fix: Fix, *, before: str, commit: str) -> Patch | None:
    """Return what `commit` changed as a patch on the fix's base, or None where it is not one or not text."""
    repository = fix.incident.service.repository
    after = host.checkout(repository, commit)
    changed = git(
        "diff-tree", "-r", "-z", "--no-renames", "--name-only", before, commit, directory=after.git_dir
    ).decode(errors="replace")
    paths = sorted(set(changed.split("\0")) - {""})
    then = files_at(repository=repository, commit=fix.base_commit, paths=paths)
    if files_at(repository=repository, commit=before, paths=paths) != then:
        return None  # these files were changed by others since: this is not an answer to our prompt
    try:
        return Patch({path: _text(after.path / path) for path in paths})
    except UnicodeDecodeError:
        return None


def _text(file: Path) -> str | None:
    return file.read_bytes().decode() if file.is_file() else None


def _keep(host: CodeHost, fix: Fix, patch: Patch, *, source: PairSource, origin: str, author: str) -> None:
    base = host.checkout(fix.incident.service.repository, fix.base_commit).path
    better_patch_add(fix=fix, source=source, patch=patch, diff=patch.diff(base), origin=origin, author=author)


def _finish(search: PairSearch, outcome: str) -> None:
    search.finished_at, search.outcome = timezone.now(), outcome[:200]
    search.save(update_fields=["finished_at", "outcome"])
