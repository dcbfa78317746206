"""Why a delivery is refused: each text is the sentence that the sender's operator reads."""

from core.errors import PlatformError


class Refused(PlatformError):
    """Base of every refusal; delivering the same bytes again would not help."""


class Malformed(Refused):
    """The body is not an SNS message."""


class NotAllowed(Refused):
    """The topic is not one of those that may deliver here."""


class Stale(Refused):
    """The message was signed too long ago, or in the future: a replay or a wrong clock."""


class Forged(Refused):
    """The message was not signed by SNS in the topic's own region."""
