"""Build the sandbox's images on the engine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, ImageNotFound

from sandbox.contract import SandboxUnavailable
from sandbox.ecosystems.node.framework import IMAGE as NODE_IMAGE
from sandbox.ecosystems.python.framework import IMAGE as PYTHON_IMAGE
from sandbox.images.mongod import mongod_fetch
from sandbox.services import IMAGE as SERVICES_IMAGE

DIRECTORY = Path(__file__).parent
# What build_base.sh makes where no registry is reachable.
LOCAL_BASE = "agent-platform/sandbox-base:local"
LABELS = {"agent-platform.sandbox": "image"}


@dataclass(frozen=True)
class Recipe:
    """A Dockerfile and the public image that it builds on unless another one is named.

    `without` says what will not run without it, for an image that is not always needed.
    """

    dockerfile: str
    base_image: str
    without: str = ""


RECIPES = {
    NODE_IMAGE: Recipe("node.Dockerfile", "node:20-bookworm-slim"),
    PYTHON_IMAGE: Recipe("python.Dockerfile", "python:3.11-slim-bookworm"),
    SERVICES_IMAGE: Recipe("services.Dockerfile", "debian:bookworm-slim", without="suites that need a server"),
}


def images_build(
    *, client: docker.DockerClient, host: str, mongod: Path, base_image: str = "", say: Callable[[str], None]
) -> list[str]:
    """Build the image of each language and the one of services, and return the names of those that were built.

    Without `base_image` the public ones are used, or, where no registry answers, one made of Debian's packages.
    `mongod` is where the database server for the node image is kept; without one the image is built all the same.
    Raises SandboxUnavailable.
    """
    for part in ("bin", "lib"):
        (mongod / part).mkdir(parents=True, exist_ok=True)
    try:
        mongod_fetch(mongod)
    except SandboxUnavailable as error:
        say(f"{error}: suites that need mongodb-memory-server will not run.")
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(mongod, Path(context, "mongod"))
        for recipe in RECIPES.values():
            shutil.copy(DIRECTORY / recipe.dockerfile, context)
        return _built(client, host, Path(context), base_image, say)


def _built(
    client: docker.DockerClient, host: str, context: Path, base_image: str, say: Callable[[str], None]
) -> list[str]:
    built = []
    for image, recipe in RECIPES.items():
        base = base_image or _base(client, host, recipe.base_image, say)
        say(f"Building {image} on {base} ...")
        try:
            client.images.build(
                path=str(context),
                dockerfile=recipe.dockerfile,
                buildargs={"BASE_IMAGE": base},
                tag=image,
                labels=LABELS,
                rm=True,
                forcerm=True,
            )
        except (APIError, BuildError) as error:
            if not recipe.without:
                raise SandboxUnavailable(f"{image} cannot be built on {base}: {error}") from error
            say(f"{image} cannot be built on {base}: {error}: {recipe.without} will not run.")
        else:
            built.append(image)
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
