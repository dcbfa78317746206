"""What GitHub and the way to it answer, as the two errors that the pipeline tells apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import requests
from github import BadCredentialsException, GithubException, RateLimitExceededException

from core.errors import Unavailable
from integrations.codehost import CodeHostError

ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "GitHub refuses the credentials: check GITHUB_TOKEN, or the App's id and key.",
    HTTPStatus.FORBIDDEN: "Give the token or App read and write access to contents and pull requests.",
    HTTPStatus.NOT_FOUND: "Check the repository's name and that the token or App may see it.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Look at the pull request: conflicts, missing reviews or checks keep it open.",
    HTTPStatus.CONFLICT: "The repository is empty or its branch has moved: look at it, then try again.",
}


@contextmanager
def github_errors(doing: str) -> Iterator[None]:
    """Turn PyGithub's and the network's errors into CodeHostError or Unavailable, each saying what was tried."""
    try:
        yield
    except RateLimitExceededException as error:
        raise Unavailable("github", f"GitHub's rate limit is used up ({doing}): {said(error)}") from error
    except BadCredentialsException as error:
        raise CodeHostError(f"{doing}: {ADVICE[HTTPStatus.UNAUTHORIZED]} ({said(error)})") from error
    except GithubException as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable("github", f"{doing}: GitHub answered {error.status}: {said(error)}") from error
        advice = ADVICE.get(error.status, "Change what was asked for, or do it by hand.")
        raise CodeHostError(f"{doing}: GitHub answered {error.status}: {said(error)}. {advice}") from error
    except requests.RequestException as error:
        raise Unavailable("github", f"{doing}: GitHub cannot be reached: {error}") from error


def said(error: GithubException) -> str:
    """Return GitHub's message with the messages of its error list."""
    data = error.data if isinstance(error.data, dict) else {}
    details = [
        str(detail.get("message") or detail.get("code")) if isinstance(detail, dict) else str(detail)
        for detail in data.get("errors", [])
    ]
    return "; ".join([str(data.get("message") or error.message or "no message"), *details])
