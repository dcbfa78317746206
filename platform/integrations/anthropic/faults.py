"""What the Messages API and the way to it answer when it is no message, as the two errors that matter to us."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from anthropic import APIConnectionError, APIResponseValidationError, APIStatusError

from core.errors import NeedsHuman, Unavailable
from core.redact import redact
from core.resilience.retry import retry_after_seconds

SYSTEM = "anthropic"
TEMPORARY = frozenset({408, 409, 429})
# A fault in the middle of a stream comes with the status 200 that the stream began with.
TEMPORARY_TYPES = frozenset({"overloaded_error", "api_error", "rate_limit_error", "timeout_error"})


class ModelRejectedRequest(NeedsHuman):
    """The API refuses this request and would refuse it again: key, credit, model name, size or form is wrong."""

    exit_reason = "ModelRejectedRequest"


@contextmanager
def api_errors() -> Iterator[None]:
    """Turn the SDK's and the network's errors into Unavailable or ModelRejectedRequest."""
    try:
        yield
    except APIStatusError as error:
        raise _fault(error) from error
    except (APIConnectionError, APIResponseValidationError, httpx2.HTTPError, ValueError) as error:
        # ValueError: a body or an event that is not the JSON it should be.
        raise Unavailable(SYSTEM, f"The Messages API does not answer: {redact(str(error))[:500]}") from error


def no_message(found: object) -> Unavailable:
    """Return the error for a 200 with a foreign body, which the SDK passes through."""
    return Unavailable(SYSTEM, f"The Messages API sent something that is no message: {found!r:.200}")


def _fault(error: APIStatusError) -> Unavailable | ModelRejectedRequest:
    said = redact(error.api_message or error.message)
    text = f"HTTP {error.status_code} {error.type or ''}: {said}"
    if error.status_code in TEMPORARY or error.status_code >= 500 or error.type in TEMPORARY_TYPES:
        headers = error.response.headers
        milliseconds = retry_after_seconds(headers.get("retry-after-ms"))
        return Unavailable(
            SYSTEM,
            f"The Messages API is not available: {text}",
            retry_after_seconds=(
                retry_after_seconds(headers.get("retry-after")) if milliseconds is None else milliseconds / 1000
            ),
        )
    return ModelRejectedRequest(
        f"The Messages API refuses the request: {text} (request {error.request_id}). Mend the cause, then resume."
    )
