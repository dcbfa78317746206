"""Celery finds the tasks of an app in the module of this name."""

from config.metrics.cloudwatch import publish_queues as publish_queues
