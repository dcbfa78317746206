"""A worker that is killed often: `python -m config.chaos.worker NAME QUEUES THREADS`.

A parent that has everything loaded forks a worker, and another one whenever it was killed: the seconds that a
worker needs to start would otherwise be most of the matrix's time. What is forked is a worker like any other.
"""

import os
import signal
import sys
import time

import django


def main(name: str, queues: str, threads: str) -> None:
    """Keep one worker running until this process is told to end."""
    from config.celery import app

    django.setup()
    from django.conf import settings

    import pipeline.tasks  # noqa: F401  # loaded before the fork, with all that stages need
    from config.chaos.kills import hooks_install

    hooks_install(settings.ENV.data_dir)
    words = ["worker", "-n", f"{name}@%h", "-Q", queues, "--pool", "threads", "--concurrency", threads]
    words += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    parent, child = os.getpid(), 0

    def end(_number: int, _frame: object) -> None:
        if os.getpid() == parent and child:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            app.worker_main(words)
            os._exit(0)
        os.waitpid(child, 0)
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
