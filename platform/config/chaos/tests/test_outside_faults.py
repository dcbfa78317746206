"""Every system outside behind a way that goes wrong: each fault is a temporary one, and over when it is over.

Whatever else such an error became (a refusal, a bug of a library) would send incidents to people or lose alarms.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from config.chaos.proxy import FAULTS, Fault, FaultyProxy
from config.chaos.rig import certificate_server
from core.errors import Unavailable
from evals.rehearsal.parcels import MODEL_SCRIPT, REPOSITORY, SOURCES, history
from integrations.anthropic.client import MessagesModel
from integrations.anthropic.script import load_script
from integrations.anthropic.standin import StandIn
from integrations.cloudwatch.client import CloudWatch
from integrations.github.host import GitHubHost
from integrations.github.standin import GitHubStandin
from integrations.localgit.importing import repository_build
from integrations.sns.certificates import Certificates, fetch_certificate
from integrations.sns.signer import LOCAL_CERTIFICATE_URL
from integrations.tests.environment import GitHubTestEnvironment

TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:alarms"
TOKEN = "chaos-token"
SLOWEST_SECONDS = 0.5

Call = Callable[[], Any]


@pytest.fixture
def open_things() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask once: what the retries do is tested where they are."""
    monkeypatch.setattr("core.resilience.retry.ATTEMPTS", 1)
    monkeypatch.setattr("integrations.github.connection.GithubRetry", lambda **_options: 0)


def anthropic(opened: ExitStack, _directory: Path) -> tuple[FaultyProxy, list[Call]]:
    standin = opened.enter_context(StandIn(load_script(MODEL_SCRIPT)))
    proxy = opened.enter_context(FaultyProxy(standin.url))
    model = MessagesModel("claude-opus-4-6", api_key="key", base_url=proxy.url)
    reply = partial(
        model.reply,
        system="You review.",
        messages=[{"role": "user", "content": [{"type": "text", "text": "A diff."}]}],
        tools=[{"name": "submit_review", "description": "d", "input_schema": {"type": "object"}}],
        tool_choice={"type": "auto"},
        max_tokens=100,
    )
    return proxy, [reply]


def github(opened: ExitStack, directory: Path) -> tuple[FaultyProxy, list[Call]]:
    hosted = directory / "hosted" / f"{REPOSITORY}.git"
    head = repository_build(SOURCES, hosted, branch="main", commits=history())
    standin = opened.enter_context(GitHubStandin(directory / "hosted", TOKEN).serving())
    proxy = opened.enter_context(FaultyProxy(standin.address))
    standin.address = proxy.url
    environment = GitHubTestEnvironment(directory / "data", proxy.url, github_token=SecretStr(TOKEN))
    host = GitHubHost.from_env(environment)
    opening = partial(
        host.open_pull_request,
        repository=REPOSITORY,
        base_branch="main",
        base_commit=head,
        branch="fix",
        title="Fix",
        body="Why",
        files={"src/weight.js": "fixed\n"},
    )
    host.checkout(REPOSITORY, head)
    return proxy, [
        partial(host.resolve, REPOSITORY, "main"),
        opening,
        partial(host.find_pull_request, REPOSITORY, "fix"),
        lambda: host.merge_pull_request(REPOSITORY, 1, head_commit=opening().head_commit),
    ]


def cloudwatch(opened: ExitStack, _directory: Path) -> tuple[FaultyProxy, list[Call]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    opened.callback(server.stop)
    _host, port = server.get_host_and_port()
    proxy = opened.enter_context(FaultyProxy(f"http://127.0.0.1:{port}"))
    client = CloudWatch.connect("us-east-1", endpoint_url=proxy.url)
    return proxy, [
        partial(client.alarms, "parcels-"),
        partial(client.feeds_of_metric, "Parcels", "Errors"),
        partial(client.alarm_tags, "parcels-none"),
    ]


def sns(opened: ExitStack, directory: Path) -> tuple[FaultyProxy, list[Call]]:
    address = opened.enter_context(certificate_server(directory / "sns"))
    proxy = opened.enter_context(FaultyProxy(address))
    certificates = Certificates(fetch=lambda _url: fetch_certificate(f"{proxy.url}/certificate.pem"))
    certificates.clock = iter(range(0, 10**9, 7200)).__next__
    now = datetime.now(UTC)
    return proxy, [partial(certificates.public_key, LOCAL_CERTIFICATE_URL, topic_arn=TOPIC_ARN, at=now)]


SYSTEMS = {"anthropic": anthropic, "github": github, "cloudwatch": cloudwatch, "sns": sns}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_fault_of_the_way_is_a_temporary_one(
    system: str, fault: Fault, open_things: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "chaos")
    monkeypatch.setattr("integrations.cloudwatch.client.CONFIG.retries", {"total_max_attempts": 1}, raising=False)
    proxy, calls = SYSTEMS[system](open_things, tmp_path)

    for call in calls:
        proxy.play(fault, at_most_seconds=SLOWEST_SECONDS)
        with pytest.raises(Unavailable):
            call()
        proxy.mend()
        call()

    assert proxy.hits[fault] >= len(calls)
