"""Whether this process answers: asked by load balancers and containers, so without a sign-in."""

from django.http import HttpRequest, HttpResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process serves; a database that is away must not make anybody restart it."""
    return HttpResponse("ok", content_type="text/plain")
