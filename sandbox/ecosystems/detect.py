"""Which ecosystem a repository belongs to."""

from pathlib import Path

from sandbox.contract import SandboxRefused
from sandbox.ecosystems.contract import Ecosystem
from sandbox.ecosystems.node.driven import Ava, NodeCommand, NodeTest, Tape
from sandbox.ecosystems.node.jest import Jest, Vitest
from sandbox.ecosystems.node.mocha import Mocha
from sandbox.ecosystems.python.pytest import Pytest
from sandbox.ecosystems.python.unittest import PythonCommand, Unittest

# The first that fits is taken; the two that go by the exit code alone come last.
ECOSYSTEMS: tuple[Ecosystem, ...] = (
    *(Jest(), Vitest(), Mocha(), Ava(), Tape(), NodeTest()),
    *(Unittest(), Pytest()),
    *(NodeCommand(), PythonCommand()),
)
IMAGES = tuple(dict.fromkeys(ecosystem.image for ecosystem in ECOSYSTEMS))


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
