import os
from pathlib import Path

import docker
import pytest
from django.conf import settings

from sandbox.contract import SandboxUnavailable
from sandbox.ecosystems.detect import IMAGES
from sandbox.runners.engine import engine_connect
from sandbox.tests.runners import Runner


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    """An engine that has the sandbox's images; where there is none, skip, or fail with REQUIRE_DOCKER=1."""
    try:
        client = engine_connect(settings.ENV.docker_host, settings.ENV.docker_certificates)
        tags = {tag for image in client.images.list() for tag in image.tags}
        missing = [image for image in IMAGES if image not in tags]
        reason = f"the engine has no image {missing[0]}: run manage.py build_sandbox_images" if missing else ""
    except SandboxUnavailable as error:
        reason = str(error)
    if reason and os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return client


@pytest.fixture(params=["local", pytest.param("docker", marks=pytest.mark.docker)])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Runner:
    """Each runner in turn."""
    client = request.getfixturevalue("engine") if request.param == "docker" else None
    cache = settings.ENV.data_dir / "sandbox" / "dependencies"
    return Runner(name=request.param, place=tmp_path, cache=cache, client=client)


@pytest.fixture
def docker_runner(engine: docker.DockerClient, tmp_path: Path) -> Runner:
    return Runner(name="docker", place=tmp_path, cache=tmp_path / "cache", client=engine)
