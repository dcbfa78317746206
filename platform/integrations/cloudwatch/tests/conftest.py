"""CloudWatch as moto's server plays it, without credentials that anybody checks."""

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from integrations.cloudwatch.client import CloudWatch
from integrations.cloudwatch.tests.production import REGION, Production


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    """Give credentials that nobody checks, and let nothing of this machine's own be found."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("AWS_CONFIG_FILE", "/dev/null")
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        environment.delenv("AWS_PROFILE", raising=False)
        yield


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def stand_in(endpoint: str) -> Production:
    return Production(endpoint)


@pytest.fixture
def production(stand_in: Production) -> Production:
    """Production as it begins: empty."""
    stand_in.reset()
    return stand_in


@pytest.fixture(scope="module")
def client(endpoint: str) -> CloudWatch:
    return CloudWatch.connect(REGION, endpoint_url=endpoint)
