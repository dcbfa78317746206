"""Each package manager really installs what its lock file says, from the registries, and the tests find it."""

import secrets
import shutil
import socket
from pathlib import Path

import docker
import pytest

from core.patch import Patch
from sandbox.contract import Limits, SandboxRefused
from sandbox.runners.docker import DockerSandbox
from sandbox.runners.engine import container_remove
from sandbox.tests.repositories import JEST, TEST_COMMAND

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(400)]

LOCKS = Path(__file__).parent / "locks"
LIMITS = Limits(wall_seconds=60, memory_mib=1536, disk_mib=512)
NODE_TEST = (
    "const pad = require('left-pad');\n"
    "const version = require('left-pad/package.json').version;\n"
    "const is = pad('7', 3, '0') === '007' && version === '1.3.0';\n"
    "module.exports = { pads() { if (!is) throw new Error(version); } };\n"
)
PYTHON_TEST = (
    "import importlib.metadata\nimport iniconfig\n\n"
    "def test_reads():\n"
    "    assert iniconfig.IniConfig('x.ini', data='[a]\\nb = 1\\n')['a']['b'] == '1'\n"
    "    assert importlib.metadata.version('iniconfig') == '2.1.0'\n"
)
REGISTRIES = {"npm": "registry.npmjs.org", "PyPI": "pypi.org"}


def reachable(registry: str) -> None:
    """Skip where the registry does not answer at all."""
    host = REGISTRIES[registry]
    try:
        socket.create_connection((host, 443), timeout=10).close()
    except OSError as error:
        pytest.skip(f"{registry} ({host}) does not answer: {error}")


def repository(place: Path, manager: str) -> Path:
    checkout = place / "repository"
    shutil.copytree(LOCKS / manager, checkout)
    (checkout / "tests").mkdir()
    if (checkout / "package.json").exists():
        (checkout / "tools").mkdir()
        (checkout / "tools" / "jest.js").write_text(JEST)
        (checkout / "tests" / "pad.test.js").write_text(NODE_TEST)
        # Read by an installation and of no effect: nothing is taken from the cache.
        (checkout / ".npmrc").write_text(f"; {secrets.token_hex(8)}\n")
    else:
        (checkout / "tests" / "test_ini.py").write_text(PYTHON_TEST)
        (checkout / "constraints.txt").write_text(f"# {secrets.token_hex(8)}\n")
    return checkout


@pytest.mark.parametrize(
    ("manager", "registry", "lock_file"),
    [
        ("pnpm", "npm", "pnpm-lock.yaml"),
        ("yarn", "npm", "yarn.lock"),
        ("yarn-berry", "npm", "yarn.lock"),
        ("uv", "PyPI", "uv.lock"),
        ("poetry", "PyPI", "poetry.lock"),
    ],
)
def test_what_is_locked_is_installed_and_found_without_network(
    engine: docker.DockerClient, tmp_path: Path, manager: str, registry: str, lock_file: str
) -> None:
    reachable(registry)
    sandbox = DockerSandbox(engine, limits=LIMITS)
    command = TEST_COMMAND if registry == "npm" else ""
    prepared = sandbox.prepare(repository(tmp_path, manager), repository="locks/tiny", test_command=command)
    try:
        report = sandbox.run(prepared, Patch())
    finally:
        assert container_remove(engine, prepared.dependencies)

    assert (prepared.lock_file, prepared.from_cache) == (lock_file, False)
    assert report.tests, report.output
    assert set(report.tests.values()) == {"passed"}, report.failures


@pytest.mark.parametrize(
    ("manager", "registry", "content"),
    [("pnpm", "npm", '"1.2.0"'), ("yarn", "npm", '"1.2.0"'), ("yarn-berry", "npm", '"1.2.0"')],
)
def test_a_lock_file_that_does_not_fit_is_refused_and_never_mended_in_silence(
    engine: docker.DockerClient, tmp_path: Path, manager: str, registry: str, content: str
) -> None:
    reachable(registry)
    checkout = repository(tmp_path, manager)
    package = checkout / "package.json"
    package.write_text(package.read_text().replace('"1.3.0"', content))

    with pytest.raises(SandboxRefused, match="mend the repository's dependencies"):
        DockerSandbox(engine, limits=LIMITS).prepare(checkout, repository="locks/tiny", test_command=TEST_COMMAND)
