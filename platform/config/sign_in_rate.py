"""How often one address may try to sign in: the lock by name does not see who goes through a list of names."""

import math
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from core.rate import RateExceeded, rate_count

FORMS = ("/login/", "/admin/login/")


class SignInRateMiddleware:
    """Answers 429 to an address that has tried too often in this minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.path in FORMS:
            try:
                rate_count(
                    f"sign_in:{request.META.get('REMOTE_ADDR', '')}",
                    limit=settings.ENV.login_requests_per_minute,
                )
            except RateExceeded as reached:
                answer = render(request, "config/locked.html", status=429)
                answer["Retry-After"] = str(math.ceil(reached.retry_after_seconds))
                return answer
        return self._get_response(request)
