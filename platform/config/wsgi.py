"""HTTP, all but the websockets: `granian --interface wsgi config.wsgi:application`.

A fixed number of threads, each of which keeps its database connection: a burst of notifications waits its turn
instead of running PostgreSQL out of connections, and costs a third of what it costs under ASGI.
"""

import os
import threading
import time

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import env
from config.loopback import wsgi_loopback_only

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_wsgi_application()
# Imports every view before the server listens: else /healthz is green and the first notification waits for them.
_routes = get_resolver().url_patterns
application = wsgi_loopback_only(_django) if env.load().is_embedded else _django


def _end_with(parent: int) -> None:
    """End this worker once its server is gone: granian's workers outlive a killed server and keep its port."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
