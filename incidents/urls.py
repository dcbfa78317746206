from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path, re_path

from incidents.dashboard import dashboard

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("incidents.api.urls")),
    path("webhooks/", include("incidents.webhooks.urls")),
    path(
        "login/",
        LoginView.as_view(
            template_name="incidents/login.html",
            redirect_authenticated_user=True,
            extra_context={"sso_name": settings.ENV.oidc_name if settings.ENV.oidc_server_url else ""},
        ),
        name="login",
    ),
    path("logout/", LogoutView.as_view(), name="logout"),
    # Every other address is the dashboard's; below these names an unknown one is a plain 404.
    re_path(r"^(?!(?:admin|api|pulls|static|webhooks|ws)(?:/|$))", dashboard, name="dashboard"),
]
