"""A stand-in for the part of GitHub's REST API that our client uses, over loopback and real bare repositories.

It answers as GitHub does where that matters to the client: 401, 404, 409, 422 with their error lists, and a `head`
filter that is ignored when it names no owner. Lists come in its pages.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.github.standin_checks import BranchRules
from integrations.github.standin_pages import Page
from integrations.github.standin_repository import DOCUMENTATION, Refused, StandinRepository
from integrations.github.standin_shapes import shaped
from integrations.loopback import listening

JSON = Any

# What the App of docs/connect.md is given, and which of that a path needs that not every App has.
GRANTED = {"contents": "write", "pull_requests": "write", "metadata": "read", "checks": "read", "statuses": "read"}
NEEDED = {"check-runs": "checks", "status": "statuses"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    body: JSON


@dataclass(frozen=True)
class Answer:
    """`link` is the header that leads to the other pages of a list."""

    status: int
    body: JSON
    link: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request and what it was answered, for a test to hold against GitHub's own description."""

    request: Request
    answer: Answer


@dataclass
class GitHubStandin:
    """Serves `root`/owner/name.git to whoever has `token`.

    `requests` records each method and path. `failures` holds answers to give once instead of the real one, by
    method and a pattern of the path; with `after=True` the request takes effect before the failure is answered.
    `prefix` is where the API is below the address: `/api/v3` at an Enterprise Server, nothing at api.github.com.
    """

    root: Path
    token: str
    prefix: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    address: str = ""
    _issued: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _failures: list[tuple[str, str, int, bool]] = field(default_factory=list)
    _repositories: dict[str, StandinRepository] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Listen on a free port of 127.0.0.1 until the block ends."""
        with listening(_handler(self)) as self.address:
            yield self

    def fail_once(self, method: str, pattern: str, status: int, *, after: bool = False) -> None:
        """Answer `status` to the next `method` request whose path matches `pattern`."""
        self._failures.append((method, pattern, status, after))

    def comment(self, repository: str, number: int, login: str, body: str) -> None:
        """Let a person comment on a pull request."""
        self._known(repository).comment(number, login, body)

    def report(self, repository: str, commit: str, name: str, conclusion: str = "") -> None:
        """Let a check run of a commit end with `conclusion`, or begin; `status:name` is a commit status."""
        self._known(repository).report(commit, name, conclusion)

    def protect(self, repository: str, branch: str, rules: BranchRules) -> None:
        """Let a branch require something before a merge."""
        self._known(repository).protect(branch, rules)

    def opened_at(self, repository: str, number: int, at: datetime) -> None:
        """Let a pull request have been opened then; without this it was long ago."""
        self._known(repository).opened_at(number, at)

    def _known(self, repository: str) -> StandinRepository:
        found = self._repository(repository)
        if found is None:
            raise LookupError(f"the stand-in serves no {repository}")
        return found

    def answer_as_client(self, method: str, path: str, query: Mapping[str, str] | None = None) -> JSON:
        """Return the body of an answer to the right token, for assertions; it is not recorded."""
        return self._real_answer(Request(method, path, query or {}, {}), f"token {self.token}").body

    def answer(self, request: Request, authorization: str) -> Answer:
        """Return what GitHub would; one request at a time."""
        with self._lock:
            self.requests.append((request.method, request.path))
            failure = self._failure(request)
            if failure and not failure[1]:
                return Answer(failure[0], {"message": "injected failure"})
            answer = self._real_answer(request, authorization)
            self.exchanges.append(Exchange(request, answer))
            return Answer(failure[0], {"message": "injected failure"}) if failure else answer

    def _real_answer(self, request: Request, authorization: str) -> Answer:
        if re.fullmatch(r"/app/installations/\d+/access_tokens", request.path):
            if not re.fullmatch(r"Bearer [\w-]+\.[\w-]+\.[\w-]+", authorization):
                return Answer(401, {"message": "A JSON web token could not be decoded"})
            return self._token_issue(request.body.get("permissions", GRANTED))
        token = authorization.removeprefix("token ").removeprefix("Bearer ")
        permissions = self._issued.get(token, GRANTED if token == self.token else None)
        if permissions is None:
            return Answer(401, {"message": "Bad credentials", "status": "401", "documentation_url": DOCUMENTATION})
        if NEEDED.get(request.path.rpartition("/")[2], "metadata") not in permissions:
            return Answer(403, {"message": "Resource not accessible by integration", "status": "403"})
        for method, pattern, action in ROUTES:
            found = re.fullmatch(rf"/repos/([^/]+/[^/]+){pattern}", request.path)
            if found and method == request.method:
                repository = self._repository(found[1])
                if repository is None:
                    break
                try:
                    return action(repository, request, *found.groups()[1:])
                except Refused as refused:
                    return Answer(refused.status, refused.body)
        return Answer(404, {"message": "Not Found", "status": "404", "documentation_url": DOCUMENTATION})

    def _token_issue(self, permissions: Mapping[str, str]) -> Answer:
        if not permissions.items() <= GRANTED.items():
            return Answer(422, {"message": "The permissions requested are not granted to this installation."})
        token = f"{self.token}-{len(self._issued) + 1}"
        self._issued[token] = permissions
        issued = {"token": token, "expires_at": "2999-01-01T00:00:00Z", "permissions": dict(permissions)}
        return Answer(201, shaped("installation-token", issued, address=self.address))

    def _failure(self, request: Request) -> tuple[int, bool] | None:
        for failure in self._failures:
            method, pattern, status, after = failure
            if method == request.method and re.fullmatch(pattern, request.path):
                self._failures.remove(failure)
                return status, after
        return None

    def _repository(self, name: str) -> StandinRepository | None:
        git_dir = self.root / f"{name}.git"
        if name not in self._repositories and git_dir.is_dir():
            self._repositories[name] = StandinRepository(name, git_dir, self.address, prefix=self.prefix)
        return self._repositories.get(name)


def _list(
    repository: StandinRepository,
    request: Request,
    rows: Sequence[Any],
    *,
    described: Callable[[Sequence[Any]], JSON] = list,
) -> Answer:
    """Return the page of `rows` that is asked for, as `described` makes its answer of them."""
    page = Page.asked(request.query)
    link = page.links(len(rows), url=repository.url_of(request.path), query=request.query)
    return Answer(200, described(page.of(rows)), link)


Action = Callable[..., Answer]
ROUTES: list[tuple[str, str, Action]] = [
    ("GET", "", lambda repo, _: Answer(200, repo.described())),
    ("GET", "/branches/(.+)", lambda repo, _, name: Answer(200, repo.branch(name))),
    ("GET", "/rules/branches/(.+)", lambda repo, request, name: _list(repo, request, repo.branch_rules(name))),
    (
        "GET",
        "/commits/([0-9a-f]+)/check-runs",
        lambda repo, request, sha: _list(
            repo,
            request,
            repo.checks.runs_of(sha),
            described=lambda runs: repo.checks.check_runs(sha, runs),
        ),
    ),
    (
        "GET",
        "/commits/([0-9a-f]+)/status",
        lambda repo, request, sha: _list(
            repo,
            request,
            repo.checks.statuses_of(sha),
            described=lambda statuses: repo.checks.combined_status(sha, statuses),
        ),
    ),
    ("GET", "/commits/(.+)", lambda repo, _, ref: Answer(200, repo.commit_named(ref))),
    ("GET", "/git/ref/(.+)", lambda repo, _, ref: Answer(200, repo.ref(ref))),
    ("GET", "/git/blobs/([0-9a-f]+)", lambda repo, _, sha: Answer(200, repo.blob(sha))),
    ("GET", r"/issues/(\d+)/comments", lambda repo, request, n: _list(repo, request, repo.comments(int(n)))),
    ("GET", "/git/commits/([0-9a-f]+)", lambda repo, _, sha: Answer(200, repo.commit(sha))),
    ("POST", "/git/trees", lambda repo, request: Answer(201, repo.tree_create(request.body))),
    ("POST", "/git/commits", lambda repo, request: Answer(201, repo.commit_create(request.body))),
    ("POST", "/git/refs", lambda repo, request: Answer(201, repo.ref_create(request.body))),
    (
        "GET",
        "/pulls",
        lambda repo, request: _list(repo, request, repo.pulls(request.query), described=repo.pulls_described),
    ),
    ("POST", "/pulls", lambda repo, request: Answer(201, repo.pull_create(request.body))),
    ("GET", r"/pulls/(\d+)", lambda repo, _, number: Answer(200, repo.pull(int(number)))),
    (
        "PATCH",
        r"/pulls/(\d+)",
        lambda repo, request, number: Answer(200, repo.pull_edit(int(number), request.body)),
    ),
    ("PUT", r"/pulls/(\d+)/merge", lambda repo, request, n: Answer(200, repo.pull_merge(int(n), request.body))),
    ("POST", r"/issues/(\d+)/labels", lambda repo, request, n: Answer(200, repo.label(int(n), request.body))),
    (
        "POST",
        r"/pulls/(\d+)/requested_reviewers",
        lambda repo, request, n: Answer(201, repo.request_review(int(n), request.body)),
    ),
]


def _handler(standin: GitHubStandin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                method=self.command,
                path=unquote(parts.path).removeprefix(standin.prefix),
                query=dict(parse_qsl(parts.query)),
                body=json.loads(raw) if raw else {},
            )
            answer = standin.answer(request, self.headers.get("Authorization") or "")
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if answer.link:
                self.send_header("Link", answer.link)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815  # the names that http.server asks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's signature
            """Say nothing: `GitHubStandin.requests` has it."""

    return Handler
