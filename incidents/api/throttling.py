"""How often one user may ask the API, over all processes."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.rate import RateExceeded, rate_count

if TYPE_CHECKING:
    # The framework reads this class from its settings while it is still loading its views.
    from rest_framework.views import APIView


class PerUser(BaseThrottle):
    """So many requests of one user in a minute; who is not signed in gets no further than a 401."""

    def __init__(self) -> None:
        self._wait_seconds: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return True
        try:
            rate_count(f"api:{request.user.pk}", limit=settings.ENV.api_requests_per_minute)
        except RateExceeded as reached:
            self._wait_seconds = reached.retry_after_seconds
            return False
        return True

    def wait(self) -> float | None:
        return self._wait_seconds
