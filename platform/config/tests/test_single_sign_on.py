"""Sign-in through a provider, over the whole redirect: who comes back is who the provider says, or nobody."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import clear_url_caches, include, path

from config.tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider

pytestmark = pytest.mark.django_db

LOGIN, CALLBACK = "/accounts/oidc/oidc/login/", "/accounts/oidc/oidc/login/callback/"


class Urls:
    """The product's addresses with those of single sign-on, as they are where OIDC_SERVER_URL is set."""

    from config.urls import urlpatterns as ours

    urlpatterns = [
        path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
        path("accounts/", include("allauth.socialaccount.urls")),
        *ours,
    ]


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[OidcProvider]:
    claims = {"sub": "ada-1", "preferred_username": "ada", "email": "ada@example.org", "name": "Ada Lovelace"}
    with OidcProvider(claims).serving() as serving:
        app = {
            "provider_id": "oidc",
            "name": "the house",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": serving.address},
        }
        configured = {"openid_connect": {**settings.SOCIALACCOUNT_PROVIDERS["openid_connect"], "APPS": [app]}}
        monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", configured)
        monkeypatch.setattr(settings, "ROOT_URLCONF", Urls)
        clear_url_caches()
        yield serving
    clear_url_caches()


def to_provider(client: Client) -> str:
    """Press the button of the sign-in page and return the provider's address to which the browser is sent."""
    sent = client.post(LOGIN)
    assert sent.status_code == 302
    return str(sent["Location"])


def back_from_provider(address: str) -> str:
    """Sign in there and return the path and query with which the browser comes back."""
    came = urlsplit(httpx.get(address).headers["Location"])
    return f"{came.path}?{came.query}"


def sign_in(client: Client) -> None:
    client.get(back_from_provider(to_provider(client)))


def signed_in(client: Client) -> User | None:
    user_id = client.session.get("_auth_user_id")
    return User.objects.get(pk=user_id) if user_id else None


def test_who_comes_for_the_first_time_has_an_account_and_no_permission(provider: OidcProvider) -> None:
    client = Client()

    sign_in(client)

    user = signed_in(client)
    assert user is not None
    assert (user.username, user.email, user.is_staff, user.is_superuser) == (
        "ada",
        "ada@example.org",
        False,
        False,
    )
    assert not user.has_usable_password()
    assert user.get_all_permissions() == set()
    assert client.get("/api/incidents/").status_code == 403
    assert client.get("/admin/approvals/approval/").status_code == 302


def test_a_group_of_the_claim_gives_its_permissions_and_is_taken_back(provider: OidcProvider) -> None:
    client = Client()
    provider.claims["groups"] = ["approver", "people of another house"]
    sign_in(client)
    user = signed_in(client)
    assert user is not None
    assert user.has_perm("approvals.decide_approval")
    assert client.get("/admin/approvals/approval/", follow=True).status_code == 200

    provider.claims["groups"] = []
    again = Client()
    sign_in(again)

    same = signed_in(again)
    assert same == user
    assert same is not None
    assert (same.has_perm("approvals.decide_approval"), same.is_staff) == (False, False)


def test_the_request_asks_for_a_code_with_a_state_and_a_challenge(provider: OidcProvider) -> None:
    client = Client()

    sign_in(client)

    [asked] = provider.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["code_challenge"]) == 43
    assert asked["state"]
    assert asked["redirect_uri"].endswith(CALLBACK)
    assert "openid" in asked["scope"].split()


@pytest.mark.parametrize("state", ["", "somebody-elses"])
def test_a_wrong_state_signs_nobody_in(provider: OidcProvider, state: str) -> None:
    client = Client()
    code = parse_qs(urlsplit(back_from_provider(to_provider(client))).query)["code"][0]

    client.get(CALLBACK, {"code": code, "state": state})

    assert signed_in(client) is None
    assert not User.objects.exists()


def test_an_answer_meant_for_another_browser_signs_nobody_in(provider: OidcProvider) -> None:
    attacker, victim = Client(), Client()
    answer = back_from_provider(to_provider(attacker))
    to_provider(victim)

    victim.get(answer)

    assert signed_in(victim) is None


def test_a_stolen_code_is_of_no_use_without_the_verifier_of_its_challenge(provider: OidcProvider) -> None:
    victim, attacker = Client(), Client()
    code = parse_qs(urlsplit(back_from_provider(to_provider(victim))).query)["code"][0]
    own = parse_qs(urlsplit(back_from_provider(to_provider(attacker))).query)

    attacker.get(CALLBACK, {"code": code, "state": own["state"][0]})

    assert signed_in(attacker) is None
    assert provider.refused == ["invalid_grant"]


def test_an_answer_is_good_once(provider: OidcProvider) -> None:
    client = Client()
    answer = back_from_provider(to_provider(client))
    client.get(answer)
    client.logout()

    client.get(answer)

    assert signed_in(client) is None


@pytest.mark.parametrize("wrong", [{"aud": "another-client"}, {"iss": "https://elsewhere.example"}, {"exp": 1}])
def test_an_id_token_of_another_client_issuer_or_time_signs_nobody_in(
    provider: OidcProvider, wrong: dict[str, object]
) -> None:
    provider.id_token.update(wrong)
    client = Client()

    sign_in(client)

    assert signed_in(client) is None
    assert not User.objects.exists()


def test_a_refusal_of_the_provider_signs_nobody_in_and_says_so(provider: OidcProvider) -> None:
    client = Client()
    state = parse_qs(urlsplit(to_provider(client)).query)["state"][0]

    answer = client.get(CALLBACK, {"error": "access_denied", "state": state}, follow=True)

    assert answer.status_code == 200
    assert signed_in(client) is None


def test_an_account_with_the_same_address_is_not_taken_over(provider: OidcProvider) -> None:
    here = User.objects.create_user("root", email="ada@example.org", is_superuser=True)
    client = Client()

    sign_in(client)

    assert signed_in(client) != here
