"""What an installation chooses, from cdk.json or `-c name=value`."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Self

from constructs import Construct


@dataclass(frozen=True)
class Given:
    """What cdk.json says.

    `image` is the tag to run; `repository` the one at GitHub, owner/name, whose workflows may release. `settings`
    are more of the platform's settings for every process, `secrets` the names of those whose values are secret.
    """

    region: str
    domain: str
    repository: str
    certificate_arn: str
    origin_pull_bucket: str
    image: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()

    @classmethod
    def of(cls, scope: Construct) -> Self:
        """Read the context. Raises ValueError for what is missing."""
        found = {each.name: scope.node.try_get_context(each.name) for each in fields(cls)}
        given = {name: value for name, value in found.items() if value}
        missing = sorted(each.name for each in fields(cls) if _is_needed(each) and each.name not in given)
        if missing:
            raise ValueError(
                f"The context has no {', '.join(missing)}: add them to cdk.json or pass -c name=value."
            )
        return cls(**given)


def _is_needed(each: "field[object]") -> bool:
    return each.default is MISSING and each.default_factory is MISSING
