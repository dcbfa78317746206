"""Wait for servers that were just started."""

import time
from collections.abc import Sequence

import httpx

from config.processes import Processes, ProcessesFailed

# Five on a machine of one's own; builds and tests beside it make it slow.
READY_SECONDS = 180


def wait_until_ready(addresses: Sequence[str], processes: Processes) -> None:
    """Return when every address answers without a server error. Raises ProcessesFailed after READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = list(addresses)
    while waiting:
        waiting = [address for address in waiting if not _answers(address)]
        if waiting and time.monotonic() > deadline:
            raise ProcessesFailed(f"{', '.join(waiting)} did not answer within {READY_SECONDS} s; see the logs")
        processes.check()
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code < 500
    except httpx.TransportError:
        return False
