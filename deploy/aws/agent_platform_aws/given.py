"""What an installation chooses, from cdk.json or `-c name=value`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
        """Read the context. Raises ValueError for what is missing, given twice or of another form."""
        found = {each.name: scope.node.try_get_context(each.name) for each in fields(cls)}
        given = {name: value for name, value in found.items() if value}
        missing = sorted(each.name for each in fields(cls) if _is_needed(each) and each.name not in given)
        if missing:
            raise ValueError(
                f"The context has no {', '.join(missing)}: add them to cdk.json or pass -c name=value."
            )
        _check_form(given)
        chosen = cls(**given)
        _refuse_twice(name for name, times in Counter([*chosen.settings, *chosen.secrets]).items() if times > 1)
        return chosen

    def must_not_name(self, taken: Iterable[str]) -> None:
        """Raise ValueError where `settings` or `secrets` name what a process is given already."""
        _refuse_twice({*self.settings, *self.secrets}.intersection(taken))


def _is_needed(each: "field[object]") -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _check_form(given: Mapping[str, object]) -> None:
    settings, secrets = given.get("settings", {}), given.get("secrets", ())
    if not isinstance(settings, Mapping) or not all(isinstance(value, str) for value in settings.values()):
        raise ValueError(
            f'settings is {settings!r}: write them into cdk.json as {{"NAME": "value"}}, all in quotes.'
        )
    if not isinstance(secrets, list | tuple) or not all(isinstance(name, str) for name in secrets):
        raise ValueError(f'secrets is {secrets!r}: write their names into cdk.json as ["NAME"].')


def _refuse_twice(names: Iterable[str]) -> None:
    if twice := sorted(names):
        raise ValueError(f"settings or secrets name {', '.join(twice)}, which is given already: name it once.")
