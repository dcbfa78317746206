"""Where the live feed is."""

from django.urls import URLPattern, path

from incidents.consumers import IncidentFeed

websocket_urlpatterns: list[URLPattern] = [
    path("ws/incidents/", IncidentFeed.as_asgi()),  # type: ignore[arg-type]  # channels has no type of its own for an ASGI route
]
