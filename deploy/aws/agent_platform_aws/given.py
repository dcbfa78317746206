"""What an installation chooses, from cdk.json or `-c name=value`."""

from dataclasses import dataclass, fields
from typing import Self

from constructs import Construct


@dataclass(frozen=True)
class Given:
    """`image` is the tag to run; `repository` the one at GitHub, owner/name, whose workflows may release."""

    region: str
    domain: str
    repository: str
    certificate_arn: str
    origin_pull_bucket: str
    image: str

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """Read the context. Raises ValueError for what is missing."""
        found = {field.name: scope.node.try_get_context(field.name) for field in fields(cls)}
        missing = sorted(name for name, value in found.items() if not value)
        if missing:
            raise ValueError(
                f"The context has no {', '.join(missing)}: add them to cdk.json or pass -c name=value."
            )
        return cls(**found)
