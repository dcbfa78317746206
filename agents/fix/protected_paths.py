"""Files that no fix may touch, and why."""

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from agents.tools.secret_paths import is_secret_path

LOCK_FILES = (
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pipfile.lock",
    "conda-lock.yml",
    "cargo.lock",
    "gemfile.lock",
    "composer.lock",
    "go.sum",
)
# They hold dependencies, which need a lock file, and the test command and its settings.
MANIFESTS = (
    "package.json",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "pipfile",
    "requirements*.txt",
    "requirements*.in",
)
CI_FOLDERS = (".github", ".gitlab", ".circleci", ".buildkite", ".ci", ".husky", ".teamcity")
CI_FILES = (
    ".gitlab-ci*",
    ".travis.yml",
    ".drone.yml",
    ".pre-commit-config.yaml",
    "jenkinsfile*",
    "azure-pipelines*",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    "buildspec*.yml",
    "codeowners",
)
# What runs the tests, or decides what they run beside. conftest.py and __mocks__ change what every test sees
# without any test naming them.
TEST_RUNNER_FILES = (
    "jest.config*",
    "jest.setup*",
    "vitest.config*",
    "vitest.workspace*",
    "vitest.setup*",
    "vite.config*",
    ".mocharc*",
    "karma.conf*",
    "ava.config*",
    "cypress.config*",
    "playwright.config*",
    ".babelrc*",
    "babel.config*",
    "setuptests.*",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    ".pytest.toml",
    "sitecustomize.py",
    "usercustomize.py",
    "makefile",
    "gnumakefile",
    "justfile",
    ".npmrc",
    ".yarnrc*",
    "pnpm-workspace.yaml",
    ".swcrc",
    ".taprc",
    ".agent-platform.yml",
    "tox.ini",
    "noxfile.py",
    "conftest.py",
    ".coveragerc",
)
TEST_RUNNER_FOLDERS = ("__mocks__",)
GENERATED_FOLDERS = (
    "node_modules",
    "bower_components",
    "vendor",
    "dist",
    "build",
    "site-packages",
    "__pycache__",
    ".venv",
    "venv",
)
GENERATED_FILES = ("*.min.js", "*.min.css", "*.bundle.js", "*.map", "*.pb.go", "*_pb2.py")
MARK_LINES = 12
# The marks that code generators and hosts agree on: https://go.dev/s/generatedcode, @generated of GitHub Linguist.
_GENERATED = re.compile(
    r"@generated\b|\bcode generated .{0,80}\bdo not edit\b|\bauto-?generated\b.{0,80}\bdo not (?:edit|modify)\b"
    r"|\bdo not edit\b.{0,80}\bgenerated\b",
    re.IGNORECASE,
)
SNAPSHOT_FOLDER = "__snapshots__"


def protection_of(path: str, *, exists: bool) -> str:
    """Return why a fix may not touch `path`, or "" if it may. `exists` tells a change from a new file."""
    pure = PurePosixPath(path.lower())
    folders = set(pure.parts[:-1])
    name = pure.name
    if is_secret_path(path):
        return "may hold credentials"
    if name in LOCK_FILES:
        return "is a lock file"
    if _matches(name, MANIFESTS):
        return "holds dependencies and the test command, which people change"
    if folders.intersection(CI_FOLDERS) or _matches(name, CI_FILES):
        return "belongs to CI or to the rules of review"
    if folders.intersection(TEST_RUNNER_FOLDERS) or _matches(name, TEST_RUNNER_FILES):
        return "configures the test runner"
    if folders.intersection(GENERATED_FOLDERS) or _matches(name, GENERATED_FILES):
        return "is generated or vendored"
    if exists and SNAPSHOT_FOLDER in folders:
        return "is a recorded expectation of existing tests"
    return ""


def generated_mark(text: str) -> str:
    """Return why a file whose first lines say that a program wrote it may not be touched, or ""."""
    match = _GENERATED.search("\n".join(text.split("\n", MARK_LINES)[:MARK_LINES]))
    return f"says that it is generated ({match[0].strip()})" if match else ""


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
