"""What makes two notifications the same trouble: account, region, alarm and service."""

import json
from dataclasses import dataclass
from hashlib import sha256

# Part of what is hashed: change it whenever the recipe changes, so that old and new values never meet.
VERSION = "alarm/1"


@dataclass(frozen=True)
class FingerprintParts:
    """What goes into a fingerprint, and what the pages show of it."""

    account: str
    region: str
    alarm: str
    service: str

    @property
    def named(self) -> dict[str, str]:
        """Return the parts by name, the recipe's version included."""
        return {"recipe": VERSION, **vars(self)}

    @property
    def value(self) -> str:
        """Return the hex SHA-256 of a JSON list, which keeps the parts apart whatever is in them."""
        return sha256(json.dumps(list(self.named.values()), ensure_ascii=True).encode()).hexdigest()
