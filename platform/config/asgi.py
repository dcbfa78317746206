"""The live feed: `uvicorn config.asgi:application`. config.wsgi serves HTTP; here it answers health checks."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_http = get_asgi_application()  # sets Django up; what follows needs its apps

from config import env  # noqa: E402
from config.loopback import asgi_loopback_only  # noqa: E402
from incidents.feed import websocket_urlpatterns  # noqa: E402

_router = ProtocolTypeRouter(
    {
        "http": _http,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))  # type: ignore[arg-type]  # its stub wants a class of its own
        ),
    }
)
application = asgi_loopback_only(_router) if env.load().is_embedded else _router
