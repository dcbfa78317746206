"""The Celery application: `celery -A config worker -Q agents`."""

import os

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("agent-platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


# A worker ends without Python's exit handlers: what Langfuse's SDK still buffers would be lost.
@signals.worker_shutdown.connect
@signals.worker_process_shutdown.connect
def flush_traces(**_signal: object) -> None:
    from integrations.langfuse.client import traces_flush

    traces_flush()
