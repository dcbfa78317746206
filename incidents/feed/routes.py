"""Where the live feed is, and who may speak to it: whoever has a session; the consumer asks for the permission."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from incidents.feed.consumer import IncidentFeed
from incidents.feed.plain_send import KeepsPlainSend

_route: Any = IncidentFeed.as_asgi()  # channels has no type of its own for an ASGI route
_guarded: Any = AuthMiddlewareStack(URLRouter([path("ws/incidents/", _route)]))

feed = KeepsPlainSend(_guarded)
