"""What the pages of the admin console share."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest

from core.errors import PlatformError

Row = TypeVar("Row", bound=Model)


class ShownOnly:
    """An admin class whose rows are written by services and only shown here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def acted(request: HttpRequest, row: Row, act: Callable[[Row, str], object]) -> None:
    """Call `act(row, actor)` for the signed-in person and say on the page what became of it."""
    try:
        act(row, f"user:{request.user.get_username()}")
    except PlatformError as error:
        messages.error(request, f"{row}: {error}")
    else:
        messages.success(request, f"{row}: done")
