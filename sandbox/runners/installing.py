"""What both runners make of an installation that failed."""

import re

from core.errors import PlatformError
from sandbox.contract import SandboxRefused, SandboxUnavailable
from sandbox.output import shortened

# How npm, pip, poetry and uv say that the registry did not answer, as opposed to: it answered no.
_NETWORK = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNRE(?:FUSED|SET)|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|npm error code E5\d\d"
    r"|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Temporary failure in name resolution"
    r"|All attempts to connect to \S+ failed|error sending request for url"
)
INSTALL_OUTPUT_BYTES = 64 * 1024


def install_failure(
    command: tuple[str, ...], *, output: str, exit_code: int | None, seconds: int
) -> PlatformError:
    """Return the error for a failed installation: worth another try, or for a person to mend.

    `exit_code` is None if it was ended after `seconds`.
    """
    # What a shell runs is its last word; the options that follow the command say nothing here.
    words = command[2].partition(" --")[0] if command[:2] == ("sh", "-c") else " ".join(command[:3])
    tail = shortened(output.strip(), 1500)
    if exit_code is None:
        return SandboxUnavailable(
            f"'{words}' took more than {seconds} s and was ended; SANDBOX_INSTALL_SECONDS can be raised: {tail}"
        )
    if _NETWORK.search(output):
        return SandboxUnavailable(f"'{words}' could not reach the package registry: {tail}")
    return SandboxRefused(
        f"'{words}' failed with exit code {exit_code}; mend the repository's dependencies: {tail}"
    )
