"""A client for GitHub's REST API: as a GitHub App where there is one, else with a token."""

import json
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import requests
from github import Auth, Github, GithubRetry
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)
from pydantic import SecretStr

from integrations.codehost import CodeHostError

TIMEOUT_SECONDS = 15
# What docs/connect.md has the App given: GitHub refuses a token that asks for more, and one that asks for less may
# not read the checks. Labels and comments of pull requests belong to pull_requests as well.
PERMISSIONS = {
    "contents": "write",
    "pull_requests": "write",
    "metadata": "read",
    "checks": "read",
    "statuses": "read",
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class GitHubSettings(Protocol):
    """What of the environment decides how GitHub is reached."""

    @property
    def github_token(self) -> SecretStr | None: ...
    @property
    def github_app_id(self) -> int | None: ...
    @property
    def github_app_private_key(self) -> SecretStr | None: ...
    @property
    def github_app_installation_id(self) -> int | None: ...
    @property
    def github_api_url(self) -> str: ...


def connect(settings: GitHubSettings) -> Github:
    """Return a client that repeats only reads: a repeated write could open or comment twice.

    Raises CodeHostError where the credentials are incomplete.
    """
    url = settings.github_api_url.rstrip("/")
    Requester.injectConnectionClasses(_JSONOnly, _JSONOnlyOverTLS)
    # GitHub asks for a second between writes (best practices for the REST API); a stand-in does not.
    pause = 0.0 if is_loopback(url) else 1.0
    return Github(
        auth=_auth(settings),
        base_url=url,
        timeout=TIMEOUT_SECONDS,
        per_page=100,
        retry=GithubRetry(total=3, backoff_factor=1, allowed_methods={"GET", "HEAD"}, max_rate_limit_wait=60),
        seconds_between_requests=pause / 4,
        seconds_between_writes=pause,
    )


class _JSONOnly(HTTPRequestsConnectionClass):
    """A connection on which a successful answer that is not JSON is a fault of the way.

    PyGithub makes objects of whatever comes: of a proxy's page, one whose hash is the branch that was asked for.
    """

    def getresponse(self) -> RequestsResponse:
        return _checked(super().getresponse())


class _JSONOnlyOverTLS(HTTPSRequestsConnectionClass):
    """The same over TLS."""

    def getresponse(self) -> RequestsResponse:
        return _checked(super().getresponse())


def _checked(response: RequestsResponse) -> RequestsResponse:
    text = response.read()
    if response.status < HTTPStatus.MULTIPLE_CHOICES and text:
        try:
            json.loads(text)
        except ValueError as error:
            raise requests.exceptions.InvalidJSONError(f"{text[:80]!r} is no answer of GitHub") from error
    return response


def is_loopback(url: str) -> bool:
    """Return whether `url` leads to this machine."""
    return urlsplit(url).hostname in LOOPBACK


def web_address(api_url: str) -> str:
    """Return where people see what `api_url` serves.

    GitHub Enterprise Server has its API at /api/v3 of the same host, Enterprise Cloud with data residency at
    api.SUBDOMAIN.ghe.com (their REST documentation).
    """
    parts = urlsplit(api_url)
    is_own_host = parts.netloc == "api.github.com" or parts.netloc.endswith(".ghe.com")
    host = parts.netloc.removeprefix("api.") if is_own_host else parts.netloc
    return f"{parts.scheme}://{host}"


def _auth(settings: GitHubSettings) -> Auth.Auth:
    if settings.github_app_id:
        if not settings.github_app_private_key or not settings.github_app_installation_id:
            raise CodeHostError(
                "GITHUB_APP_ID is set: set GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID as well."
            )
        # A key in one line of an environment file has its line breaks written as \n.
        key = settings.github_app_private_key.get_secret_value().replace("\\n", "\n")
        app = Auth.AppAuth(settings.github_app_id, key)
        return app.get_installation_auth(settings.github_app_installation_id, token_permissions=PERMISSIONS)
    if not settings.github_token:
        raise CodeHostError("GitHub needs credentials: set GITHUB_TOKEN, or GITHUB_APP_ID and what belongs to it.")
    return Auth.Token(settings.github_token.get_secret_value())
