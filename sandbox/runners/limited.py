"""Set this process's limits, then become the command: `python limited.py '{"RLIMIT_CORE": 0}' COMMAND...`.

A program of its own, because code that runs between fork and exec in a process with threads can deadlock.
"""

import json
import os
import resource
import sys


def main(arguments: list[str]) -> None:
    """Replace this process by the command; a limit above the one already in force is left at that."""
    for name, value in json.loads(arguments[0]).items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (wanted, wanted))
    try:
        os.execvp(arguments[1], arguments[1:])  # noqa: S606 - the caller passes words, no shell
    except OSError as error:
        # 127: what shells answer for a command that is not there.
        os.write(2, f"{arguments[1]}: {error.strerror}\n".encode())
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
