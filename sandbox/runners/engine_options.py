"""How an installation uses its container engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.contract import SandboxUnavailable

INSTALL_SECONDS = 600


@dataclass(frozen=True)
class EngineOptions:
    """What the operator says of the engine.

    `runtime` is one that the engine knows (`runc`, `runsc`), empty for its default. `install_network` is the
    network of installations, empty for the engine's bridge; runs have none whatever it says. Dependencies that are
    kept for later runs are removed oldest first above `kept_mib`, and when they are older than `kept_days`.
    One command of an installation may take `install_seconds`, and all that it installs `install_mib` of disk.
    `service_memory_mib` is for each server beside the tests, with its data.
    """

    runtime: str = ""
    install_network: str = ""
    kept_mib: int = 20_480
    kept_days: int = 14
    service_memory_mib: int = 1024
    install_seconds: int = INSTALL_SECONDS
    install_mib: int = 4096

    def for_installing(self) -> dict[str, Any]:
        """Return the options of a container that installs."""
        return {"network": self.install_network} if self.install_network else {}


# What the engine answers False to where its host's cgroups cannot do it.
_LIMITS = {
    "MemoryLimit": "a limit on memory",
    "PidsLimit": "a limit on processes",
    "CpuCfsQuota": "a limit on processors",
}


def runtime_not_promised(info: Mapping[str, Any], runtime: str) -> tuple[str, ...]:
    """Return what the runtime, by what the engine says of it, does not keep; an empty name is its default.

    Raises SandboxUnavailable for a runtime that the engine does not have.
    """
    known = info.get("Runtimes") or {}
    name = runtime or info.get("DefaultRuntime", "")
    if runtime and runtime not in known:
        raise SandboxUnavailable(
            f"the container engine has no runtime {runtime!r} (it has {', '.join(sorted(known))}); "
            "set SANDBOX_RUNTIME to one of them"
        )
    described = known.get(name, {})
    has_cgroups = info.get("CgroupDriver") != "none"
    lost = {key for key in _LIMITS if not has_cgroups or info.get(key) is False}
    # How gVisor is told to leave cgroups alone, which are what limits memory.
    is_told = any("ignore-cgroups" in word for word in described.get("runtimeArgs") or ())
    # Registered as a shim it may be told so in a file that only the engine's host can read.
    is_hidden = "runsc" in described.get("runtimeType", "") and "ConfigPath" in (described.get("options") or {})
    if is_told or is_hidden:
        lost.add("MemoryLimit")
    return tuple(limit for key, limit in _LIMITS.items() if key in lost)
