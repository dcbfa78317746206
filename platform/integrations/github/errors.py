"""What GitHub and the way to it answer, as the two errors that the pipeline tells apart."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import requests
from github import BadCredentialsException, GithubException, RateLimitExceededException
from github.GithubException import RateLimitExceededExceedsMaxWait

from core.errors import Unavailable
from core.resilience.breaker import guarded
from core.resilience.retry import retry_after_seconds
from integrations.codehost import CodeHostError

SYSTEM = "github"
PAUSE_SECONDS = 60.0

ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "GitHub refuses the credentials: check GITHUB_TOKEN, or the App's id and key.",
    HTTPStatus.FORBIDDEN: "Give the token or App read and write access to contents and pull requests.",
    HTTPStatus.NOT_FOUND: "Check the repository's name and that the token or App may see it.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Look at the pull request: conflicts, missing reviews or checks keep it open.",
    HTTPStatus.CONFLICT: "The repository is empty or its branch has moved: look at it, then try again.",
}


@contextmanager
def github_errors(doing: str) -> Iterator[None]:
    """Turn PyGithub's and the network's errors into CodeHostError or Unavailable, each saying what was tried.

    Raises BreakerOpen, which is Unavailable, while GitHub is left alone: after faults, or until a limit is reset.
    """
    with guarded(SYSTEM), _translated(doing):
        yield


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except BadCredentialsException as error:
        raise CodeHostError(f"{doing}: {ADVICE[HTTPStatus.UNAUTHORIZED]} ({said(error)})") from error
    except GithubException as error:
        pause = limit_pause_seconds(error)
        if pause is not None:
            raise Unavailable(
                SYSTEM, f"GitHub's rate limit is used up ({doing}): {said(error)}", retry_after_seconds=pause
            ) from error
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(SYSTEM, f"{doing}: GitHub answered {error.status}: {said(error)}") from error
        advice = ADVICE.get(error.status, "Change what was asked for, or do it by hand.")
        raise CodeHostError(f"{doing}: GitHub answered {error.status}: {said(error)}. {advice}") from error
    except requests.RequestException as error:
        raise Unavailable(SYSTEM, f"{doing}: GitHub cannot be reached: {error}") from error


def limit_pause_seconds(error: GithubException) -> float | None:
    """Return how long GitHub asks us to wait, or None if the error is not about a limit.

    The order of docs.github.com, "Best practices for using the REST API": `retry-after`, else the reset of a
    used-up primary limit, else a minute.
    """
    if isinstance(error, RateLimitExceededExceedsMaxWait) and error.wait:
        return float(error.wait)
    headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
    is_limit = isinstance(error, RateLimitExceededException) or error.status == HTTPStatus.TOO_MANY_REQUESTS
    asked = retry_after_seconds(headers.get("retry-after"))
    if asked is not None and (is_limit or error.status == HTTPStatus.FORBIDDEN):
        return asked
    if not is_limit:
        return None
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdecimal():
        return max(1.0, int(headers["x-ratelimit-reset"]) - time.time())
    return PAUSE_SECONDS


def said(error: GithubException) -> str:
    """Return GitHub's message with the messages of its error list."""
    data = error.data if isinstance(error.data, dict) else {}
    details = [
        str(detail.get("message") or detail.get("code")) if isinstance(detail, dict) else str(detail)
        for detail in data.get("errors", [])
    ]
    return "; ".join([str(data.get("message") or error.message or "no message"), *details])
