"""Programs that act for a person: a token of theirs, with scopes, kept here only as its digest."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from approvals.choices import Scope
from approvals.models import AccessToken

PREFIX = "ap_"
KEYWORD = "Bearer"


def token_issue(*, user: User, name: str, scopes: list[Scope], days: int) -> str:
    """Make a token for `user` and return it; it cannot be read again."""
    token = PREFIX + secrets.token_urlsafe(32)
    AccessToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        scopes=list(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token


class ScopedTokenAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer ap_...`; `request.auth` is then the AccessToken."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        keyword, _, token = request.headers.get("Authorization", "").partition(" ")
        if keyword.lower() != KEYWORD.lower():
            return None
        now = timezone.now()
        found = AccessToken.objects.select_related("user").filter(digest=_digest(token.strip())).first()
        if found is None or found.revoked_at is not None or found.expires_at <= now or not found.user.is_active:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        AccessToken.objects.filter(pk=found.pk).update(last_used_at=now)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


class ScopedTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's schema names the token."""

    target_class = ScopedTokenAuthentication
    name = "scopedToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def has_scope(request: Request, scope: Scope) -> bool:
    """Return whether the request may do this: a signed-in person may, a program only with the scope."""
    token = request.auth
    if token is None:
        return True
    return isinstance(token, AccessToken) and scope in token.scopes


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
