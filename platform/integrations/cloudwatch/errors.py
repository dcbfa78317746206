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
from integrations.cloudwatch.aws_session import service_model

SYSTEM = "cloudwatch"

# Error codes as the services and the common errors of AWS document them; the SDK has repeated throttled calls.
TEMPORARY = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded"}
    | {"ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalServiceFault"}
    | {"OperationAbortedException", "RequestTimeout", "RequestTimeoutException"}
)
NOT_TRUSTED = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException"}
    | {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "MissingAuthenticationToken"}
)
NOT_ALLOWED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
QUOTA_USED_UP = frozenset({"LimitExceeded", "LimitExceededException", "LimitExceededFault"})
NOT_FOUND = frozenset({"ResourceNotFound", "ResourceNotFoundException"})
NOT_VALID = frozenset(
    {"InvalidParameterException", "InvalidParameterValue", "InvalidParameterCombination", "ValidationError"}
)


class CloudWatchError(PlatformError):
    """CloudWatch refused, or would; the text says what and what to do."""


class NotFound(CloudWatchError):
    """What was named is not there."""


class NotValid(CloudWatchError):
    """An argument is not one that CloudWatch takes."""


@contextmanager
def cloudwatch_errors(doing: str) -> Iterator[None]:
    """Turn botocore's errors into CloudWatchError or Unavailable, each saying what was tried."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
        raise CloudWatchError(
            f"{doing}: there are no AWS credentials ({error}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or run with a role."
        ) from error
    except (ConnectionError, HTTPClientError) as error:
        raise Unavailable(SYSTEM, f"{doing}: CloudWatch cannot be reached: {error}") from error
    except ClientError as error:
        raise _fault(doing, error) from error
    except BotoCoreError as error:
        raise CloudWatchError(f"{doing}: {error}") from error


def _fault(doing: str, error: ClientError) -> PlatformError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in TEMPORARY or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(SYSTEM, f"{doing}: CloudWatch cannot answer now: {error}")
    if code in NOT_TRUSTED:
        return CloudWatchError(
            f"{doing}: AWS does not accept the credentials: renew them and check this host's clock ({error})"
        )
    if code in NOT_ALLOWED:
        permission = _permission(error.operation_name)
        return CloudWatchError(f"{doing}: allow {permission} to the role or user that this runs as ({error})")
    if code in QUOTA_USED_UP:
        return CloudWatchError(
            f"{doing}: a quota of the account is used up: delete something or raise it ({error})"
        )
    if code in NOT_FOUND:
        return NotFound(f"{doing}: it does not exist ({error})")
    if code in NOT_VALID:
        return NotValid(f"{doing}: {error}")
    return CloudWatchError(f"{doing}: {error}")


def _permission(operation: str) -> str:
    """Return the IAM action that allows an operation; both services name theirs after their operations."""
    is_of_logs = operation in service_model("logs").operation_names
    return f"{'logs' if is_of_logs else 'cloudwatch'}:{operation}"
