from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.breakers_page import breaker_reset_by_hand, breakers_page

# Only what sign-in through the provider needs; passwords and signing out are our own pages'.
_sso = [
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("accounts/", include("allauth.socialaccount.urls")),
]
# allauth leads to these names; each is our sign-in page.
_sso_names = [
    path("login/", RedirectView.as_view(pattern_name="login"), name=name)
    for name in ("account_login", "account_signup", "account_inactive", "account_reset_password")
]

urlpatterns = [
    path("admin/breakers/", admin.site.admin_view(breakers_page), name="breakers"),
    path("admin/breakers/reset/", admin.site.admin_view(breaker_reset_by_hand), name="breaker_reset"),
    path("admin/", admin.site.urls),
    path("api/", include("approvals.urls")),
    path("api/evals/", include("evals.api.urls")),
    *(_sso if settings.ENV.oidc_server_url else []),
    path("", include("incidents.urls")),
    *_sso_names,
    path("pulls/", include("integrations.localgit.urls")),
]
