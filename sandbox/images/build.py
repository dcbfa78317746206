"""Build the sandbox's images on the engine."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, ImageNotFound

from sandbox.contract import SandboxUnavailable
from sandbox.ecosystems.detect import ECOSYSTEMS
from sandbox.ecosystems.node import Jest
from sandbox.ecosystems.python import Pytest

DIRECTORY = Path(__file__).parent
# What build_base.sh makes where no registry is reachable.
LOCAL_BASE = "agent-platform/sandbox-base:local"
LABELS = {"agent-platform.sandbox": "image"}


@dataclass(frozen=True)
class Recipe:
    """A Dockerfile and the public image that it builds on unless another one is named."""

    dockerfile: str
    base_image: str


RECIPES = {
    Jest.name: Recipe("node.Dockerfile", "node:20-bookworm-slim"),
    Pytest.name: Recipe("python.Dockerfile", "python:3.11-slim-bookworm"),
}


def images_build(
    *, client: docker.DockerClient, host: str, base_image: str = "", say: Callable[[str], None]
) -> list[str]:
    """Build one image for each ecosystem and return their names.

    Without `base_image` the public ones are used, or, where no registry answers, one made of Debian's packages.
    Raises SandboxUnavailable.
    """
    built = []
    for ecosystem in ECOSYSTEMS:
        recipe = RECIPES[ecosystem.name]
        base = base_image or _base(client, host, recipe.base_image, say)
        say(f"Building {ecosystem.image} on {base} ...")
        try:
            client.images.build(
                path=str(DIRECTORY),
                dockerfile=recipe.dockerfile,
                buildargs={"BASE_IMAGE": base},
                tag=ecosystem.image,
                labels=LABELS,
                rm=True,
                forcerm=True,
            )
        except (APIError, BuildError) as error:
            raise SandboxUnavailable(f"{ecosystem.image} cannot be built on {base}: {error}") from error
        built.append(ecosystem.image)
    return built


def _base(client: docker.DockerClient, host: str, public: str, say: Callable[[str], None]) -> str:
    """Return the public image if it is on the engine or can be pulled, else the local one, built if need be."""
    if _is_there(client, public):
        return public
    if _is_there(client, LOCAL_BASE):
        return LOCAL_BASE
    try:
        client.images.pull(public)
    except APIError as error:
        say(
            f"{public} cannot be pulled ({error.explanation or error}): "
            f"making {LOCAL_BASE} from Debian's packages."
        )
    else:
        return public
    made = subprocess.run(
        [str(DIRECTORY / "build_base.sh"), LOCAL_BASE],
        check=False,
        env={**os.environ, "DOCKER_HOST": host},
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise SandboxUnavailable(f"{LOCAL_BASE} cannot be made: {made.stderr.strip() or made.stdout.strip()}")
    return LOCAL_BASE


def _is_there(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True
