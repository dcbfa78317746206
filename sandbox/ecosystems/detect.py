"""Which ecosystem a repository belongs to."""

from pathlib import Path

from sandbox.contract import SandboxRefused
from sandbox.ecosystems.contract import Ecosystem
from sandbox.ecosystems.node import Jest
from sandbox.ecosystems.python import Pytest

ECOSYSTEMS: tuple[Ecosystem, ...] = (Jest(), Pytest())


def detect(checkout: Path, test_command: str = "") -> Ecosystem:
    """Return the ecosystem of the repository at `checkout`. Raises SandboxRefused where none fits."""
    for ecosystem in ECOSYSTEMS:
        if ecosystem.is_found_in(checkout, test_command):
            return ecosystem
    seen = sorted(entry.name for entry in checkout.iterdir())[:12]
    raise SandboxRefused(
        f"no known test framework in this repository (known: {', '.join(known.name for known in ECOSYSTEMS)}; "
        f"it has {', '.join(seen) or 'no files'}). Name its test command in the service's settings."
    )


def ecosystem_named(name: str) -> Ecosystem:
    """Return the ecosystem that a preparation names."""
    for ecosystem in ECOSYSTEMS:
        if ecosystem.name == name:
            return ecosystem
    raise SandboxRefused(f"the ecosystem {name!r} is unknown; prepare the commit again")
