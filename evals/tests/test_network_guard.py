"""What leaves the machine is refused and fails the run, even where the code swallows the error."""

import contextlib
import socket
import subprocess

import httpx
import pytest

from evals.network_guard import NetworkGuard, ReachedForTheNetwork, network_guarded


@pytest.mark.parametrize(
    "reach",
    [
        lambda: socket.create_connection(("logs.us-east-1.amazonaws.com", 443), timeout=1),
        lambda: socket.create_connection(("192.0.2.1", 443), timeout=1),
        lambda: httpx.get("https://api.github.com/repos", timeout=1),
        lambda: subprocess.run(["git", "ls-remote", "https://github.com/a/b"], check=False, capture_output=True),
    ],
    ids=["aws", "address", "github", "git"],
)
def test_reaching_out_fails_the_run_even_if_the_error_is_swallowed(reach: object) -> None:
    with (
        pytest.raises(ReachedForTheNetwork, match="reached for the network"),
        network_guarded(NetworkGuard()),
        contextlib.suppress(Exception),
    ):
        reach()  # type: ignore[operator]


def test_what_stays_on_the_machine_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, network_guarded(NetworkGuard()):
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()
        subprocess.run(["git", "--version"], check=True, capture_output=True)


def test_the_model_s_own_host_may_be_called_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **options: answer)
    guard = NetworkGuard(["api.example.test"])

    with pytest.raises(ReachedForTheNetwork, match=r"192\.0\.2\.8"), network_guarded(guard):
        socket.getaddrinfo("api.example.test", 443)
        guard.audit("socket.connect", (None, ("192.0.2.7", 443)))
        with contextlib.suppress(ReachedForTheNetwork):
            guard.audit("socket.connect", (None, ("192.0.2.8", 443)))

    assert guard.attempts == ["the address 192.0.2.8:443"]


def test_behind_the_run_the_network_is_as_before() -> None:
    resolve = socket.getaddrinfo
    with network_guarded(NetworkGuard()):
        assert socket.getaddrinfo is not resolve

    assert socket.getaddrinfo is resolve
