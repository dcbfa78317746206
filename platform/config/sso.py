"""Sign-in through an OpenID Connect provider: accounts are its own, groups follow its claim at every sign-in."""

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from approvals.groups import STAFF_GROUPS, groups_ensure


class NoSignUp(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody makes themselves an account with a password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class GroupsFromClaims(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Whom the provider lets in has an account, with the groups that its claim names and no others."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Bring a known account's groups up to date before it is signed in."""
        super().pre_social_login(request, sociallogin)
        if sociallogin.is_existing:
            groups_follow(sociallogin.user, claimed_groups(sociallogin.account.extra_data))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        groups_follow(user, claimed_groups(sociallogin.account.extra_data))
        return user


def claimed_groups(claims: Mapping[str, Any]) -> list[str]:
    """Return the values of the configured claim, from the ID token or the user info, whichever has it."""
    for part in (claims.get("userinfo"), claims.get("id_token"), claims):
        values = part.get(settings.ENV.oidc_groups_claim) if isinstance(part, Mapping) else None
        if values:
            return [values] if isinstance(values, str) else [str(value) for value in values]
    return []


def groups_follow(user: User, names: Iterable[str]) -> None:
    """Give `user` exactly those of our groups that are named; who is in one that decides or acts is staff.

    A superuser stays one: that is given and taken on the command line only.
    """
    groups_ensure()
    groups = list(Group.objects.filter(name__in=set(names)))
    user.groups.set(groups)
    is_staff = user.is_superuser or any(group.name in STAFF_GROUPS for group in groups)
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])
