"""An engine on another host, reached over TLS and over ssh: a real one, behind a real server of each."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from config.chaos.own_engine import OwnEngine, own_engine
from core.patch import Patch
from sandbox.contract import SandboxUnavailable
from sandbox.ecosystems.node.framework import IMAGE
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import engine_connect
from sandbox.runners.engine_options import EngineOptions
from sandbox.tests.certificates import HOST, Authority
from sandbox.tests.repositories import TEST_COMMAND, node_repository
from sandbox.tests.runners import QUICK
from sandbox.tests.test_contract import one_test

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(180)]

# More than fits into any buffer on the way.
LARGE = "x" * 3_000_000
SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")


@dataclass(frozen=True)
class FarEngine:
    """An engine with a door for TLS on loopback, and the authority that it trusts."""

    engine: OwnEngine
    authority: Authority
    port: int

    @property
    def host(self) -> str:
        return f"tcp://{HOST}:{self.port}"


@pytest.fixture(scope="module")
def far(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarEngine]:
    if reason := OwnEngine.why_not():
        pytest.skip(reason)
    authority = Authority()
    server = authority.server(tmp_path_factory.mktemp("far") / "server")
    port = free_port()
    options = [
        *("-H", f"tcp://{HOST}:{port}", "--tlsverify", "--tlscacert", str(server / "ca.pem")),
        *("--tlscert", str(server / "cert.pem"), "--tlskey", str(server / "key.pem")),
    ]
    with own_engine(engine, IMAGE, options=options) as own:
        yield FarEngine(own, authority, port)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def run_there(client: docker.DockerClient, place: Path) -> None:
    """Prepare and run a suite whose sources and output are large, and one that does not end."""
    sandbox = DockerSandbox(client, limits=QUICK, engine=EngineOptions(install_network="none"))
    checkout = node_repository(
        place / "repository",
        {
            **one_test(
                f"assert.equal(fs.readFileSync('large', 'utf8').length, {len(LARGE)});"
                f"console.log('y'.repeat({len(LARGE)}) + 'the end');"
            ),
            "large": LARGE,
        },
    )
    prepared = sandbox.prepare(checkout, repository="far/away", test_command=TEST_COMMAND)

    report = sandbox.run(prepared, Patch())

    assert report.tests == {"tests/one.test.js::one": "passed"}, report
    assert report.output.rstrip().endswith("the end")
    short = DockerSandbox(client, limits=QUICK.model_copy(update={"wall_seconds": 3}))
    assert short.run(prepared, Patch(one_test("for (;;) {}"))).ended == "timed_out"
    assert client.containers.list() == []


def test_tests_run_on_an_engine_behind_tls(
    far: FarEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A company's own authority for web pages must not replace the engine's.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(far.authority.client(tmp_path / "other") / "cert.pem"))
    certificates = far.authority.client(tmp_path / "client")

    run_there(engine_connect(far.host, certificates), tmp_path)


def test_an_engine_that_another_authority_vouches_for_is_not_trusted(far: FarEngine, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        engine_connect(far.host, Authority().client(tmp_path / "client"))


def test_an_engine_turns_a_client_away_that_it_does_not_know(far: FarEngine, tmp_path: Path) -> None:
    stranger = Authority().client(tmp_path / "client")
    shutil.copy(far.authority.client(tmp_path / "known") / "ca.pem", stranger / "ca.pem")

    with pytest.raises(SandboxUnavailable, match="no container engine answers at tcp://"):
        engine_connect(far.host, stranger)


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match=r"DOCKER_CERT_PATH is .*: ca.pem, cert.pem and key.pem"):
        engine_connect("tcp://127.0.0.1:2376", tmp_path)


@pytest.fixture
def ssh_host(far: FarEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the engine behind a real sshd on loopback that lets one key in."""
    if SSHD is None:
        pytest.skip("openssh-server is not installed")
    port = free_port()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    (tmp_path / "sshd_config").write_text(
        f"ListenAddress {HOST}:{port}\nHostKey {tmp_path}/host\nPidFile none\nStrictModes no\nUsePAM no\n"
        f"AuthorizedKeysFile {tmp_path}/user.pub\nPermitRootLogin prohibit-password\n"
        # Where the far host's own docker command finds its engine.
        f"SetEnv DOCKER_HOST={far.engine.host} PATH={os.environ['PATH']}\n"
    )
    (tmp_path / "known_hosts").write_text(f"[{HOST}]:{port} {(tmp_path / 'host.pub').read_text()}")
    # What a person has in ~/.ssh, which ssh finds whatever HOME says.
    (tmp_path / "ssh_config").write_text(
        f"IdentityFile {tmp_path}/user\nUserKnownHostsFile {tmp_path}/known_hosts\n"
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {tmp_path}/ssh_config "$@"\n')
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"ssh://root@{HOST}:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("sshd does not listen after ten seconds")


def test_tests_run_on_an_engine_behind_ssh(ssh_host: str, tmp_path: Path) -> None:
    run_there(engine_connect(ssh_host), tmp_path)


def test_a_host_that_ssh_does_not_know_is_refused_with_its_words(ssh_host: str, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text("")

    with pytest.raises(SandboxUnavailable, match="Host key verification failed"):
        engine_connect(ssh_host)


def test_an_address_with_a_password_or_a_path_is_refused() -> None:
    for host in ("ssh://root:secret@127.0.0.1", "ssh://root@127.0.0.1/var/run/docker.sock", "ssh://"):
        with pytest.raises(SandboxUnavailable, match="write ssh://USER@HOST"):
            engine_connect(host)
