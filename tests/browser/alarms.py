"""The whole platform for a browser, with a production whose alarms go off when the test says so.

`python -m tests.browser.alarms` prints one line of JSON when it is ready. Each line of its input is the key of an
incident of the demo's scenario: that alarm goes off, and what the webhook answered is printed. It runs until its
input ends.
"""

import io
import json
import os
import sys
from pathlib import Path

THINKS_SECONDS = 1.0


def main() -> None:
    sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    from config import embedded, env

    settings = env.load()
    embedded.use(settings)
    django.setup()
    from rich.console import Console

    from config.demo.scenario import MODEL_SCRIPT
    from config.demo.seed import APPROVER, approver_ensure
    from config.demo.stage import story_stage

    # A model that answers at once is through before a page has opened; a real one thinks for a while.
    script = settings.data_dir / "model_script.yaml"
    script.write_text(f"latency_seconds: {THINKS_SECONDS}\n{MODEL_SCRIPT.read_text()}")
    with story_stage(settings, Console(file=io.StringIO()), script=script) as story:
        say({"address": settings.address, "user": APPROVER, "password": approver_ensure(settings)})
        for key in sys.stdin:
            incident = story.scenario.incident(key.strip())
            answer = story.topic.deliver(story.topic.message(story.production.fail(incident)))
            say({"status": answer.status_code})


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
