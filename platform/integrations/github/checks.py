"""Whether a pull request's checks let it be merged: what its base branch requires, and what reported on its head.

Nothing required means that all that reports counts, and that something may still be about to.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import count
from typing import Literal
from urllib.parse import quote

from github import GithubException
from github.CheckRun import CheckRun
from github.CommitStatus import CommitStatus
from github.PaginatedList import PaginatedList
from github.PullRequest import PullRequest
from github.Repository import Repository

from integrations.codehost import ChecksPending, CodeHostError
from integrations.github.errors import limit_pause_seconds

State = Literal["green", "pending", "red"]

# docs.github.com, "About status checks": these three conclusions count as successful.
GREEN_CONCLUSIONS = frozenset({"success", "neutral", "skipped"})
# A workflow needs a moment to be queued; without a required check nothing else tells that one will come.
SETTLING = timedelta(minutes=2)
SHOWN = 5
RULES_IN_A_PAGE = 100


@dataclass
class Checks:
    """What is required by name, and the worst that was reported under each name."""

    required: frozenset[str]
    states: dict[str, State] = field(default_factory=dict)

    def add(self, name: str, state: State) -> None:
        order: list[State] = ["green", "pending", "red"]
        self.states[name] = max(self.states.get(name, "green"), state, key=order.index)

    @property
    def red(self) -> list[str]:
        return sorted(name for name, state in self.states.items() if state == "red")

    @property
    def pending(self) -> list[str]:
        """What the merge waits for: required checks that are not green yet, or have not reported at all."""
        waited_for = self.required or self.states.keys()
        return sorted(name for name in waited_for if self.states.get(name, "pending") == "pending")


def checks_verify(hosted: Repository, pull: PullRequest) -> None:
    """Return if the checks let `pull` be merged.

    Raises CodeHostError for a red check, required or not, and ChecksPending while the merge has to wait.
    """
    checks = _checks_of(hosted, pull)
    if checks.red:
        raise CodeHostError(f"its checks are red: {_named(checks.red)}")
    if checks.pending:
        raise ChecksPending(f"{_named(checks.pending)} of {pull.html_url} did not end yet")
    if not checks.states and datetime.now(UTC) - pull.created_at < SETTLING:
        raise ChecksPending(f"none has reported on {pull.html_url} yet, and one may be about to start")


def _checks_of(hosted: Repository, pull: PullRequest) -> Checks:
    checks = Checks(frozenset({*_protected(hosted, pull.base.ref), *_ruled(hosted, pull.base.ref)}))
    head = hosted.get_commit(pull.head.sha)
    for run in head.get_check_runs(filter="latest"):
        checks.add(run.name, _state_of_run(run))
    # PyGithub's own call reads the first page of these.
    statuses = PaginatedList(CommitStatus, hosted.requester, f"{head.url}/status", list_item="statuses")
    for status in statuses:
        checks.add(status.context, _state_of_status(status.state))
    return checks


def _protected(hosted: Repository, branch: str) -> list[str]:
    """Return what classic branch protection requires; whoever may read the branch is told."""
    protection = hosted.get_branch(branch).raw_data.get("protection") or {}
    required = protection.get("required_status_checks") or {}
    return [*required.get("contexts", []), *(check["context"] for check in required.get("checks", []))]


def _ruled(hosted: Repository, branch: str) -> Iterator[str]:
    """Yield what the rulesets of repository and organisation require.

    A server or a plan without rulesets answers 404 or 403. Where only the token may not read them, GitHub
    itself refuses a merge that they forbid.
    """
    url = f"{hosted.url}/rules/branches/{quote(branch, safe='')}"
    for page in count(1):
        try:
            _, rules = hosted.requester.requestJsonAndCheck(
                "GET", url, parameters={"per_page": RULES_IN_A_PAGE, "page": page}
            )
        except GithubException as error:
            is_without = error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
            if not is_without or limit_pause_seconds(error) is not None:
                raise
            return
        for rule in rules:
            if rule["type"] == "required_status_checks":
                yield from (check["context"] for check in rule["parameters"]["required_status_checks"])
        if len(rules) < RULES_IN_A_PAGE:
            return


def _state_of_run(run: CheckRun) -> State:
    if run.status != "completed":
        return "pending"
    return "green" if run.conclusion in GREEN_CONCLUSIONS else "red"


def _state_of_status(said: str) -> State:
    if said in ("success", "pending"):
        return "green" if said == "success" else "pending"
    return "red"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
