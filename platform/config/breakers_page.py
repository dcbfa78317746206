"""The console's page of circuit breakers: how calls to each outside system stand, and closing one by hand."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from redis.exceptions import RedisError

from core.errors import PlatformError
from core.redact import redact
from core.resilience.breaker import BreakerState, breaker_reset, breaker_states

RESETS_SHOWN = 20
# What stands in the console's log in the place of a row's name.
RECORDED_AS = "circuit breaker {name}"
# Who may pause everything may let calls through again.
MAY_RESET = "incidents.add_pause"


@require_GET
def breakers_page(request: HttpRequest) -> HttpResponse:
    """Show every breaker, and who closed one by hand."""
    states, fault = _states()
    prefix = RECORDED_AS.format(name="")
    resets = LogEntry.objects.filter(content_type=None, object_repr__startswith=prefix).select_related("user")
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Circuit breakers",
        "states": states,
        "fault": fault,
        "resets": resets.order_by("-action_time")[:RESETS_SHOWN],
        "may_reset": request.user.has_perm(MAY_RESET),
    }
    return TemplateResponse(request, "config/breakers.html", context)


@require_POST
def breaker_reset_by_hand(request: HttpRequest) -> HttpResponse:
    """Close the breaker that the form names, keep who did it and why, and return to the page."""
    if not request.user.has_perm(MAY_RESET):
        raise PermissionDenied
    user = cast(User, request.user)  # admin_view lets nobody else in
    name, reason = request.POST.get("name", ""), request.POST.get("reason", "").strip()
    try:
        breaker_reset(name, f"user:{user.get_username()}")
    except (PlatformError, RedisError) as error:
        messages.error(request, f"{name} was not closed: {redact(str(error))}")
    else:
        LogEntry.objects.create(
            user=user,
            object_id=name,
            object_repr=RECORDED_AS.format(name=name),
            action_flag=CHANGE,
            change_message=f"closed by hand: {reason}" if reason else "closed by hand",
        )
        messages.success(request, f"{name} is closed: the next call goes through.")
    return HttpResponseRedirect(reverse("breakers"))


def _states() -> tuple[list[BreakerState], str]:
    """Return the states, or none and why they are not known."""
    try:
        return breaker_states(), ""
    except RedisError as error:
        return [], f"Redis does not answer, so calls go through and no state is known: {redact(str(error))}"
