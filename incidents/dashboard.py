"""The page that holds the dashboard: one document for every address, built by Vite from frontend/."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

# Scripts come from this server only, so text from outside cannot become one. Mantine writes style elements.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "connect-src 'self' {live}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ]
)


@require_safe
@login_required
@ensure_csrf_cookie
def dashboard(request: HttpRequest) -> HttpResponse:
    """Serve the built document; the address is read by the script in it."""
    page = settings.DASHBOARD_DIR / "index.html"
    if not page.is_file():
        return render(request, "incidents/not_built.html", status=503)
    response = HttpResponse(page.read_bytes())
    # The document names its assets by their hash, so it alone must always be fresh.
    response["Cache-Control"] = "no-cache"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(live=_live_feed(request))
    return response


def _live_feed(request: HttpRequest) -> str:
    """Return where the page may open its websocket, where that is not the port that it came from."""
    port = settings.ENV.public_feed_port
    if port is None:
        return ""
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    return f"{'wss' if request.is_secure() else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}"
