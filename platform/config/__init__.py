"""Settings, entry points and the embedded services: the only room that knows the environment."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
