"""What makes two notifications the same trouble: account, region, alarm and service."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from integrations.cloudwatch.alarm import Alarm

# Part of what is hashed: change it whenever the recipe changes, so that old and new values never meet.
VERSION = "alarm/1"


@dataclass(frozen=True)
class FingerprintParts:
    """What goes into a fingerprint, and what the pages show of it."""

    account: str
    region: str
    alarm: str
    service: str

    @classmethod
    def of_alarm(cls, alarm: Alarm, *, topic_arn: str, service: str) -> Self:
        """Return the parts of an alarm that came through a topic, which receives alarms of its own region only.

        Documents from before 2019 have no ARN and say neither account nor region for certain.
        """
        _, _, _, region, account, *_ = topic_arn.split(":")
        return cls(
            account=alarm.account or account, region=alarm.region or region, alarm=alarm.name, service=service
        )

    @property
    def named(self) -> dict[str, str]:
        """Return the parts by name, the recipe's version included."""
        return {"recipe": VERSION, **vars(self)}

    @property
    def value(self) -> str:
        """Return the hex SHA-256 of a JSON list, which keeps the parts apart whatever is in them."""
        return sha256(json.dumps(list(self.named.values()), ensure_ascii=True).encode()).hexdigest()
