"""The JSON envelope that SNS posts, and the exact string that it signs.

Source: "Verifying the signatures of Amazon SNS messages" in the SNS developer guide.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_pascal
from pydantic_core import ErrorDetails, PydanticCustomError

from integrations.sns.errors import Malformed

_NOTIFICATION_KEYS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION_KEYS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Message(BaseModel):
    """An SNS message as it was sent; nothing in it is trusted before `integrations.sns.verify` returned it."""

    model_config = ConfigDict(alias_generator=to_pascal, extra="ignore", frozen=True, strict=True)

    type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
    message_id: str = Field(min_length=1, max_length=100)
    topic_arn: str = Field(min_length=1, max_length=300)
    subject: str | None = None
    message: str
    timestamp: str
    signature_version: Literal["1", "2"]
    signature: str
    signing_cert_url: str = Field(alias="SigningCertURL")
    subscribe_url: str | None = Field(None, alias="SubscribeURL")
    token: str | None = None

    @model_validator(mode="after")
    def _fields_are_single_lines(self) -> "Message":
        # The signed string has no lengths in it: with a line break in a value, fields could be cut anew.
        for key, value in self._by_key().items():
            if key != "Message" and value is not None and _CONTROL.search(value):
                raise PydanticCustomError(
                    "control_character", "{key} holds a line break or another control character", {"key": key}
                )
        if self.type != "Notification":
            for key, value in (("Token", self.token), ("SubscribeURL", self.subscribe_url)):
                if not value:
                    raise PydanticCustomError("missing_key", "{key} is missing", {"key": key})
        return self

    @property
    def sent_at(self) -> datetime:
        """Return the time at which SNS signed the message. Raises Malformed."""
        if not _TIMESTAMP.fullmatch(self.timestamp):
            raise Malformed(f"Timestamp is {self.timestamp!r}; SNS writes 2026-01-31T12:00:00.000Z.")
        try:
            return datetime.fromisoformat(self.timestamp).astimezone(UTC)
        except ValueError as error:
            raise Malformed(f"Timestamp is {self.timestamp!r}: {error}.") from error

    @property
    def signature_bytes(self) -> bytes:
        """Return the decoded signature. Raises Malformed."""
        try:
            return b64decode(self.signature, validate=True)
        except (Base64Error, ValueError) as error:
            raise Malformed(f"Signature is not base64: {error}.") from error

    @property
    def confirmation_token(self) -> str:
        """Return the token of a confirmation. Raises Malformed for a message that has none."""
        if self.token is None:
            raise Malformed(f"Token is missing from this {self.type}.")
        return self.token

    @property
    def canonical_string(self) -> str:
        """Return what SNS signs: key and value, each followed by a line feed, keys in byte order."""
        keys = _NOTIFICATION_KEYS if self.type == "Notification" else _CONFIRMATION_KEYS
        values = self._by_key()
        return "".join(f"{key}\n{values[key]}\n" for key in keys if values[key] is not None)

    def _by_key(self) -> dict[str, str | None]:
        return {
            "Message": self.message,
            "MessageId": self.message_id,
            "SigningCertURL": self.signing_cert_url,
            "Subject": self.subject,
            "SubscribeURL": self.subscribe_url,
            "Timestamp": self.timestamp,
            "Token": self.token,
            "TopicArn": self.topic_arn,
            "Type": self.type,
        }


def parse_message(body: bytes) -> Message:
    """Return the envelope in a request body. Raises Malformed, naming the first thing that is wrong."""
    try:
        return Message.model_validate_json(body)
    except ValidationError as error:
        raise Malformed(_sentence(error.errors(include_url=False)[0])) from error


def _sentence(problem: ErrorDetails) -> str:
    key = str(problem["loc"][0]) if problem["loc"] else ""
    match problem["type"]:
        case "json_invalid":
            return (
                f"The body is not JSON ({problem['ctx']['error']}). If the subscription uses raw message "
                "delivery, turn it off: raw messages carry no signature."
            )
        case "model_type":
            return "The body is JSON but not an object; an SNS message is an object of strings."
        case "missing":
            return (
                f"{key} is missing. An SNS message has it unless the subscription uses raw message delivery; "
                "turn that off: raw messages carry no signature."
            )
        case "string_type":
            return f"{key} is not a string; every value in an SNS message is one."
        case "literal_error":
            return f"{key} is {str(problem['input'])[:80]!r}; expected {problem['ctx']['expected']}."
        case "control_character" | "missing_key":
            return f"{problem['msg']}."
        case _:
            return f"{key}: {problem['msg']}."
