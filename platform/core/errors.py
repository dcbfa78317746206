"""The ways in which work can stop that more than one room must tell apart."""


class PlatformError(Exception):
    """Base of every error that this product raises on purpose; its text says what to do."""


class NeedsHuman(PlatformError):
    """Stop the automatic run: the text is the reason that a person reads and acts on.

    `exit_reason` is the stable name stored with the stage run (`BudgetExceeded`, `StepLimitReached`, ...).
    """

    exit_reason = "NeedsHuman"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(PlatformError):
    """An outside system cannot be used right now; the same call may succeed later.

    `system` is the circuit breaker's name (`anthropic`, `github`, `cloudwatch`, `sandbox`, ...), and
    `retry_after_seconds` the pause that the system itself asked for.
    """

    def __init__(self, system: str, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.system = system
        self.retry_after_seconds = retry_after_seconds
