"""The page that holds the dashboard: one document for every address, built by Vite from frontend/."""

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

# Vite writes it into the document (vite.config.ts) for each answer's own nonce: Mantine writes style elements.
NONCE_PLACE = b"NONCE_OF_THIS_ANSWER"


@require_safe
@login_required
@ensure_csrf_cookie
def dashboard(request: HttpRequest) -> HttpResponseBase:
    """Serve the built document; the address is read by the script in it."""
    page = settings.DASHBOARD_DIR / "index.html"
    if not page.is_file():
        return render(request, "incidents/not_built.html", status=503)
    answer = csp_update({"connect-src": [SELF, *_live_feed(request)]})(partial(_document, page))
    return answer(request)


def _document(page: Path, request: HttpRequest) -> HttpResponse:
    response = HttpResponse(page.read_bytes().replace(NONCE_PLACE, str(request.csp_nonce).encode()))  # type: ignore[attr-defined]  # the middleware's
    # The document names its assets by their hash, so it alone must always be fresh.
    response["Cache-Control"] = "no-cache"
    return response


def _live_feed(request: HttpRequest) -> list[str]:
    """Return where the page may open its websocket, where that is not the port that it came from."""
    port = settings.ENV.public_feed_port
    if port is None:
        return []
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    return [f"{'wss' if request.is_secure() else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}"]
