"""What AWS and the way to it answer, as a refusal with advice or as a temporary fault."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from core.errors import PlatformError, Unavailable
from core.resilience.breaker import guarded

# Error codes as the services document them; the SDK has repeated the call before one of the first gets here.
THROTTLED = frozenset({"Throttling", "ThrottlingException", "LimitExceededException", "RequestLimitExceeded"})
NOT_TRUSTED = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"}
    | {"ExpiredTokenException", "InvalidSignatureException"}
)
NOT_ALLOWED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class CloudWatchError(PlatformError):
    """CloudWatch refused, or would; the text says what and what to do."""


@contextmanager
def cloudwatch_errors(doing: str) -> Iterator[None]:
    """Turn botocore's errors into CloudWatchError or Unavailable, each saying what was tried.

    Raises BreakerOpen, which is Unavailable, while CloudWatch is left alone.
    """
    with guarded("cloudwatch"), _translated(doing):
        yield


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise CloudWatchError(
            f"{doing}: there are no AWS credentials ({error}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or run with a role."
        ) from error
    except (ConnectionError, HTTPClientError) as error:
        raise Unavailable("cloudwatch", f"{doing}: CloudWatch cannot be reached: {error}") from error
    except ClientError as error:
        raise _refusal(doing, error) from error
    except BotoCoreError as error:
        raise CloudWatchError(f"{doing}: {error}") from error


def error_code(error: ClientError) -> str:
    """Return the service's own name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _refusal(doing: str, error: ClientError) -> PlatformError:
    code, status = error_code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable("cloudwatch", f"{doing}: CloudWatch cannot answer now: {error}")
    if code in NOT_TRUSTED:
        return CloudWatchError(f"{doing}: AWS does not accept the credentials: check or renew them ({error})")
    if code in NOT_ALLOWED:
        operation = error.operation_name
        return CloudWatchError(f"{doing}: allow {operation} to the role or user that this runs as ({error})")
    return CloudWatchError(f"{doing}: {error}")
