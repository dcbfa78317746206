"""What every webhook does alike: read a body of limited size, answer with a status and a reason."""

from django.http import HttpRequest, JsonResponse

from core.errors import PlatformError


class TooLarge(PlatformError):
    """The body is larger than any that the sender sends."""


def body_of(request: HttpRequest, *, limit_bytes: int) -> bytes:
    """Return the raw body. Raises TooLarge without reading further than the limit."""
    body = request.read(limit_bytes + 1)
    if len(body) > limit_bytes:
        raise TooLarge(f"The body is larger than {limit_bytes} bytes.")
    return body


def answer(code: int, status: str, reason: str) -> JsonResponse:
    """Return the JSON that a person reads in the sender's delivery log."""
    return JsonResponse({"status": status, "reason": reason}, status=code)
