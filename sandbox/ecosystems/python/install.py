"""How a project's requirements are installed: by its lock file, else by its requirement files or tables."""

import configparser
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from sandbox.contract import SandboxRefused
from sandbox.ecosystems.contract import Install

DIRECTORY = ".venv"
PYTHON = f"{DIRECTORY}/bin/python"
# A manager has an environment of its own, so that what it needs is not what the tests find.
MANAGER = f"{DIRECTORY}-manager"
REQUIREMENT_FILES = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
)
TEST_GROUPS = ("test", "tests", "testing", "dev")
FILES = (
    *("requirements*.txt", "*requirements.txt", "requirements/*.txt", "constraints*.txt"),
    *("pyproject.toml", "setup.cfg", "uv.lock", "poetry.lock"),
)

# Poetry asks by another name than everybody else which authorities the image trusts.
_TRUST = 'REQUESTS_CA_BUNDLE="${REQUESTS_CA_BUNDLE:-$SSL_CERT_FILE}"'
_VENV = ("python3", "-m", "venv", DIRECTORY)
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def requirements_install(checkout: Path, *, runner: str) -> Install:
    """Return how the project at `checkout` is installed; `runner` is the package of its test runner or empty."""
    files = {
        str(found.relative_to(checkout)): found.read_bytes()
        for pattern in FILES
        for found in sorted(checkout.glob(pattern))
        if found.is_file()
    }
    if "pyproject.toml" in files and "uv.lock" in files:
        words: tuple[str, ...] = ("uv", "sync", "--frozen", "--all-groups", "--no-install-project", "--quiet")
        environment = {
            "UV_PROJECT_ENVIRONMENT": DIRECTORY,
            "UV_LINK_MODE": "copy",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        return _managed(files, words, environment, "uv.lock", runner)
    if "pyproject.toml" in files and "poetry.lock" in files:
        # Not quiet: it would keep to itself why it failed.
        words = ("poetry", "install", "--no-root", "--no-interaction", "--no-ansi")
        return _managed(files, words, {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}, "poetry.lock", runner)
    wanted = [word for name in REQUIREMENT_FILES if name in files for word in ("-r", name)]
    lock_file = next((name for name in REQUIREMENT_FILES if _pins_all(files.get(name, b""))), "")
    if not wanted:
        wanted = _project_requirements(checkout / "pyproject.toml") or _setup_requirements(checkout / "setup.cfg")
    # What the repository pins wins: naming the runner once more only adds it where it is missing.
    names = (*wanted, *((runner,) if runner else ()))
    return Install(files, (_VENV, *(((PYTHON, *_PIP, *names),) if names else ())), lock_file=lock_file)


def _managed(
    files: Mapping[str, bytes], words: tuple[str, ...], environment: Mapping[str, str], lock_file: str, runner: str
) -> Install:
    """Return the installation by a manager that is not in the image: it comes from the registry, like the rest."""
    manager, *options = words
    # Only where the lock file left the runner out: what is there stays as it is locked.
    added = ((PYTHON, "-m", "ensurepip"), (PYTHON, *_PIP, runner)) if runner else ()
    return Install(
        files,
        (
            _VENV,
            ("python3", "-m", "venv", MANAGER),
            (f"{MANAGER}/bin/python", *_PIP, manager),
            ("sh", "-c", f"{_TRUST} {MANAGER}/bin/{manager} {' '.join(options)}"),
            *added,
            ("rm", "-rf", MANAGER),
        ),
        environment=environment,
        lock_file=lock_file,
    )


def _pins_all(content: bytes) -> bool:
    """Return whether every requirement of the file names one version."""
    lines = [line.partition("#")[0].strip() for line in content.decode(errors="replace").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("-")]
    return bool(wanted) and all("==" in line or " @ " in line for line in wanted)


class _Project(BaseModel):
    dependencies: list[Any] = []
    optional: dict[str, list[Any]] = Field({}, alias="optional-dependencies")


class _Document(BaseModel):
    """A pyproject.toml, as far as it is read here."""

    project: _Project = _Project()
    groups: dict[str, list[Any]] = Field({}, alias="dependency-groups")


def _project_requirements(file: Path) -> list[str]:
    if not file.is_file():
        return []
    try:
        document = _Document.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise SandboxRefused(f"pyproject.toml cannot be read: {error}") from error
    groups = [document.project.dependencies]
    for table in (document.project.optional, document.groups):
        groups.extend(table.get(group, []) for group in TEST_GROUPS)
    # A group may include another one by a table; what begins with a dash would be an option of pip.
    return [name for group in groups for name in group if isinstance(name, str) and not name.startswith("-")]


def _setup_requirements(file: Path) -> list[str]:
    reader = configparser.ConfigParser(interpolation=None)
    try:
        reader.read_string(file.read_text(encoding="utf-8") if file.is_file() else "")
    except (ValueError, configparser.Error) as error:
        raise SandboxRefused(f"setup.cfg cannot be read: {error}") from error
    lists = [reader.get("options", "install_requires", fallback="")]
    lists.extend(reader.get("options.extras_require", group, fallback="") for group in TEST_GROUPS)
    named = [line.strip() for text in lists for line in text.splitlines()]
    return [name for name in named if name and not name.startswith(("-", "#"))]
