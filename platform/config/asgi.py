"""The live feed: `uvicorn config.asgi:application`. config.wsgi serves HTTP; here it answers health checks."""

import gc
import os
import threading
from typing import Any

from channels.routing import ProtocolTypeRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_http = get_asgi_application()  # sets Django up; what follows needs its apps

from config import env  # noqa: E402
from config.loopback import asgi_loopback_only  # noqa: E402
from incidents.feed.figures import Counted  # noqa: E402
from incidents.feed.routes import feed  # noqa: E402

_guarded: Any = AllowedHostsOriginValidator(feed)  # channels and Django describe the same events differently
_feed = Counted(_guarded)
_router = ProtocolTypeRouter({"http": _http, "websocket": _feed})
application = asgi_loopback_only(_router) if env.load().is_embedded else _router

# What is loaded by now stays: to look through it again and again would stop the feed for a tenth of a second.
gc.freeze()

threading.Thread(target=_feed.keep_telling, daemon=True).start()
