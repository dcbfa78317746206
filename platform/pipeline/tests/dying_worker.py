"""Workers that are killed: a process that reads orders, and for each forks a child that diagnoses and dies there.

Forking saves the seconds that each worker would need to start; the children are processes like any other, and end
by a real SIGKILL. An order is a line {"incident": id, "dies": "before" | "after" | "", "number": of the step}; the
answer is a line with the child's exit code, -9 for one that was killed.
"""

import json
import os
import signal
import sys
from pathlib import Path

import django


def main() -> None:
    """Serve the orders on stdin until it closes."""
    django.setup()

    # Before the fork: these take seconds, and each child would pay them.
    from django.conf import settings
    from django.db import connections

    import pipeline.diagnoses  # noqa: F401

    setup = json.loads(sys.argv[1])
    connections["default"].settings_dict["NAME"] = setup["database"]
    given = {"anthropic_base_url": setup["model_url"], "data_dir": Path(setup["data_dir"])}
    settings.ENV = settings.ENV.model_copy(update=given)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _diagnose(**order)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  # the answer to the order


def _diagnose(*, incident: int, dies: str, number: int) -> None:
    from agents.runtime.contract import Step
    from incidents.models import Incident
    from pipeline.diagnoses import diagnosis_run
    from pipeline.sessions import StageTranscript

    real = StageTranscript.append

    def append(self: StageTranscript, step: Step) -> None:
        is_here = len(self.steps()) == number
        if is_here and dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, step)
        if is_here and dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    StageTranscript.append = append  # type: ignore[method-assign]
    diagnosis_run(Incident.objects.select_related("service").get(pk=incident))


if __name__ == "__main__":
    main()
