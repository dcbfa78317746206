"""The pages of the local code host: one pull request, and one file at a commit."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.errors import PlatformError
from core.patch import UnsafePath, checked_path
from integrations.codehost import CodeHostError
from integrations.git import GitFailed, checked_commit, git
from integrations.localgit.configured import local_git_host
from integrations.localgit.diff import diff_lines
from integrations.localgit.markdown import markdown_html
from integrations.localgit.models import LocalPullRequest


@require_safe
@login_required
def pull_request(request: HttpRequest, owner: str, name: str, number: int) -> HttpResponse:
    """Show title, body, state and diff, and the two buttons to those who may press them."""
    row = get_object_or_404(LocalPullRequest, repository=f"{owner}/{name}", number=number)
    git_dir = local_git_host().git_dir(row.repository)
    return render(
        request,
        "localgit/pull_request.html",
        {
            "pull_request": row,
            "owner": owner,
            "name": name,
            "body": markdown_html(row.body),
            "diff": diff_lines(git_dir, row.base_commit, row.head_commit),
            "may_decide": request.user.has_perm("localgit.change_localpullrequest"),
        },
    )


@require_POST
@login_required
@permission_required("localgit.change_localpullrequest", raise_exception=True)
def merge(request: HttpRequest, owner: str, name: str, number: int) -> HttpResponse:
    """Merge the head that the person saw."""
    try:
        local_git_host().merge_pull_request(
            f"{owner}/{name}",
            number,
            head_commit=request.POST.get("head_commit", ""),
            merged_by=request.user.get_username(),
        )
    except PlatformError as error:
        messages.error(request, str(error))
    return redirect("localgit:pull_request", owner=owner, name=name, number=number)


@require_POST
@login_required
@permission_required("localgit.change_localpullrequest", raise_exception=True)
def close(request: HttpRequest, owner: str, name: str, number: int) -> HttpResponse:
    """Close without merging: the fix is rejected."""
    try:
        local_git_host().close_pull_request(f"{owner}/{name}", number)
    except PlatformError as error:
        messages.error(request, str(error))
    return redirect("localgit:pull_request", owner=owner, name=name, number=number)


@require_safe
@login_required
def file_at_commit(request: HttpRequest, owner: str, name: str, commit: str, path: str) -> HttpResponse:
    """Show a text file with a number and an anchor for each line."""
    repository = f"{owner}/{name}"
    try:
        git_dir = local_git_host().git_dir(repository)
        content = git("cat-file", "blob", f"{checked_commit(commit)}:{checked_path(path)}", directory=git_dir)
    except (CodeHostError, UnsafePath, GitFailed) as error:
        raise Http404(f"{repository} has no file {path} at {commit}") from error
    return render(
        request,
        "localgit/file.html",
        {
            "repository": repository,
            "commit": commit,
            "path": path,
            "lines": content.decode(errors="replace").splitlines(),
        },
    )
