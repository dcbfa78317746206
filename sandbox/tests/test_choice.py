"""Which runner an installation gets, and what it says about it."""

from pathlib import Path
from types import SimpleNamespace

import docker
import pytest
from django.conf import settings

from sandbox import runners
from sandbox.contract import Limits, SandboxRefused, SandboxUnavailable
from sandbox.ecosystems.contract import Install
from sandbox.runners import BUNDLED_REPOSITORIES, Choice, sandbox_for
from sandbox.runners.engine_options import EngineOptions, runtime_not_promised
from sandbox.runners.local_cache import DependencyCache
from sandbox.tests.repositories import TEST_COMMAND, node_repository

NOWHERE = "unix:///nonexistent/docker.sock"


def choose(tmp_path: Path, **changes: object) -> Choice:
    values: dict[str, object] = {
        "runner": "auto",
        "docker_host": NOWHERE,
        "cache": tmp_path / "cache",
        "limits": Limits(),
        "allow_unisolated": False,
    }
    return sandbox_for(**{**values, **changes})  # type: ignore[arg-type]  # one call for all arguments


def test_without_an_engine_tests_run_here_and_it_says_so(tmp_path: Path) -> None:
    choice = choose(tmp_path)

    assert (choice.sandbox.name, choice.sandbox.is_isolated) == ("local", False)
    assert "no container engine answers at unix:///nonexistent/docker.sock" in choice.why
    assert "NOT isolated" in choice.why


def test_docker_asked_for_and_not_there_is_an_error_and_never_the_local_runner(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="DOCKER_HOST"):
        choose(tmp_path, runner="docker")


@pytest.mark.docker
def test_with_an_engine_that_has_the_images_tests_run_in_containers(
    tmp_path: Path, engine: docker.DockerClient
) -> None:
    choice = choose(tmp_path, docker_host=settings.ENV.docker_host)

    assert (choice.sandbox.name, choice.sandbox.is_isolated) == ("docker", True)
    assert "NOT isolated" not in choice.why


GVISOR = {"path": "/usr/bin/runsc", "runtimeArgs": ["--network=none", "--ignore-cgroups"]}
SHIM = {"runtimeType": "io.containerd.runsc.v1", "options": {"ConfigPath": "/etc/containerd/runsc.toml"}}
ENGINE = {"DefaultRuntime": "runc", "Runtimes": {"runc": {"path": "runc"}, "runsc": GVISOR, "shim": SHIM}}


class EngineOfRuntimes:
    """An engine as far as a choice asks it: its runtimes, and no image."""

    images: SimpleNamespace = SimpleNamespace(list=list)

    def __init__(self, *, default: str) -> None:
        self._default = default

    def info(self) -> dict[str, object]:
        return {**ENGINE, "DefaultRuntime": self._default}


@pytest.mark.parametrize(
    ("runtime", "default", "not_promised"),
    [
        ("", "runc", ()),
        ("runc", "runsc", ()),
        ("runsc", "runc", ("a limit on memory",)),
        ("", "runsc", ("a limit on memory",)),
    ],
)
def test_a_runtime_that_leaves_cgroups_alone_is_said_to_keep_no_limit_on_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, default: str, not_promised: tuple[str, ...]
) -> None:
    monkeypatch.setattr(runners, "engine_connect", lambda *_: EngineOfRuntimes(default=default))

    choice = choose(tmp_path, runner="docker", engine=EngineOptions(runtime=runtime))

    assert choice.sandbox.not_promised == not_promised
    assert ("does NOT keep a limit on memory" in choice.why) == bool(not_promised)


@pytest.mark.parametrize(
    ("said", "not_promised"),
    [
        ({"MemoryLimit": True, "PidsLimit": True, "CpuCfsQuota": True, "CgroupDriver": "systemd"}, ()),
        ({"MemoryLimit": False}, ("a limit on memory",)),
        ({"PidsLimit": False, "CpuCfsQuota": False}, ("a limit on processes", "a limit on processors")),
        ({"CgroupDriver": "none"}, ("a limit on memory", "a limit on processes", "a limit on processors")),
    ],
)
def test_a_limit_that_the_engine_s_host_cannot_keep_is_not_promised(
    said: dict[str, object], not_promised: tuple[str, ...]
) -> None:
    assert runtime_not_promised({**ENGINE, **said}, "runc") == not_promised


def test_gvisor_whose_arguments_only_its_host_can_read_is_not_trusted_with_memory() -> None:
    assert runtime_not_promised(ENGINE, "shim") == ("a limit on memory",)


def test_a_runtime_that_the_engine_does_not_have_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "engine_connect", lambda *_: EngineOfRuntimes(default="runc"))

    with pytest.raises(SandboxUnavailable, match=r"no runtime 'kata' \(it has runc, runsc, shim\)"):
        choose(tmp_path, runner="docker", engine=EngineOptions(runtime="kata"))


@pytest.mark.docker
def test_local_is_local_even_with_an_engine(tmp_path: Path, engine: docker.DockerClient) -> None:
    assert choose(tmp_path, docker_host=settings.ENV.docker_host, runner="local").sandbox.name == "local"


def test_the_local_runner_refuses_a_repository_that_is_not_bundled(tmp_path: Path) -> None:
    checkout = node_repository(tmp_path / "repository", {})

    with pytest.raises(SandboxRefused, match="SANDBOX_ALLOW_UNISOLATED=1") as refusal:
        choose(tmp_path).sandbox.prepare(checkout, repository="acme/shop", test_command=TEST_COMMAND)

    assert "DOCKER_HOST" in str(refusal.value)
    assert not (tmp_path / "cache").exists()


def test_the_local_runner_takes_bundled_ones_and_others_when_allowed(tmp_path: Path) -> None:
    checkout = node_repository(tmp_path / "repository", {})
    bundled = sorted(BUNDLED_REPOSITORIES)

    first = choose(tmp_path).sandbox.prepare(checkout, repository=bundled[0], test_command=TEST_COMMAND)
    second = choose(tmp_path, allow_unisolated=True).sandbox.prepare(
        checkout, repository="acme/shop", test_command=TEST_COMMAND
    )

    assert not first.is_isolated
    assert not second.is_isolated


def test_an_installation_that_fails_is_told_and_not_kept(tmp_path: Path) -> None:
    checkout = node_repository(tmp_path / "repository", {"package-lock.json": "no lock file"})

    with pytest.raises(SandboxRefused, match="npm ci"):
        choose(tmp_path, allow_unisolated=True).sandbox.prepare(
            checkout, repository="a/b", test_command=TEST_COMMAND
        )

    assert [entry for entry in (tmp_path / "cache").iterdir() if entry.is_dir()] == []


def test_what_a_killed_installation_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "key.abc").mkdir()
    (tmp_path / "key.abc" / "half").write_text("half")
    cache = DependencyCache(tmp_path)

    directory, was_there = cache.get("key", lambda into: (into / "whole").touch())

    assert not was_there
    assert [entry.name for entry in directory.iterdir()] == ["whole"]
    assert not (tmp_path / "key.abc").exists()


def test_keys_of_installations_are_names_of_files() -> None:
    assert Install({"a": b"b"}, (("x",),)).key("runtime").isalnum()
