"""HTTP, all but the websockets: `granian --interface wsgi config.wsgi:application`.

A fixed number of threads, each of which keeps its database connection: a burst of notifications waits its turn
instead of running PostgreSQL out of connections, and costs a third of what it costs under ASGI.
"""

import gc
import itertools
import os
import threading
import time

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import env
from config.loopback import wsgi_loopback_only

CHECKS_A_SECOND, COLLECT_SECONDS = 2, 10

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_wsgi_application()
# Imports every view before the server listens: else /healthz is green and the first notification waits for them.
_routes = get_resolver().url_patterns
application = wsgi_loopback_only(_django) if env.load().is_embedded else _django


# Only what comes from here on is looked through again: see _watch.
gc.collect()
gc.freeze()


def _watch(parent: int) -> None:
    """End this worker once its server is gone: granian's workers outlive a killed server and keep its port.

    And clear away what the server's threads leave: it ends idle ones, and the connections to PostgreSQL and Redis
    that such a thread had stay open until Python's collector comes by, which may be never in a quiet process.
    """
    for check in itertools.count(1):
        time.sleep(1 / CHECKS_A_SECOND)
        if os.getppid() != parent:
            os._exit(1)
        if check % (CHECKS_A_SECOND * COLLECT_SECONDS) == 0:
            gc.collect()


threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
