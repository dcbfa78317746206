"""A Celery worker as in production, on the test's database: `python -m pipeline.tests.ending_worker SETUP`."""

import json
import sys
from pathlib import Path

import django


def main() -> None:
    """Work until the worker is told to end."""
    django.setup()
    from django.conf import settings
    from django.db import connections

    from config.celery import app

    setup = json.loads(sys.argv[1])
    connections["default"].settings_dict["NAME"] = setup["database"]
    given = {"anthropic_base_url": setup["model_url"], "data_dir": Path(setup["data_dir"])}
    settings.ENV = settings.ENV.model_copy(update=given)
    app.worker_main(
        [
            *("worker", "-n", "ending@test", "-Q", "agents", "--pool", "threads", "--concurrency", "2"),
            *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
        ]
    )


if __name__ == "__main__":
    main()
