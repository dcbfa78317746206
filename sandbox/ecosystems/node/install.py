"""How packages are installed: with the manager whose lock file the repository keeps, without their scripts."""

import re
from pathlib import Path

from sandbox.ecosystems.contract import Install
from sandbox.ecosystems.node.package import Package

# Install scripts of packages are code that nobody here has read: 19 of 19 repositories tried work without them.
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
NPM_LOCK_FILES = ("package-lock.json", "npm-shrinkwrap.json")
PNPM_LOCK_FILE, YARN_LOCK_FILE = "pnpm-lock.yaml", "yarn.lock"
MANIFESTS = (
    *("package.json", "*/package.json", "*/*/package.json"),
    # Registries, and what pnpm and yarn must agree on with the repository.
    *(".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml"),
    *NPM_LOCK_FILES,
    *(PNPM_LOCK_FILE, YARN_LOCK_FILE),
)
YARN_1 = "1.22.22"
YARN_BERRY = "4"
YARN_CACHE = ".yarn-cache"
# The release that wrote each version of pnpm's lock file.
PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "9"}

_LOCK_VERSION = re.compile(r"^lockfileVersion:\s*['\"]?(\d+)", re.MULTILINE)
_EXACT_MANAGER = re.compile(r"(npm|pnpm|yarn)@(\d+\.\d+\.\d+)(\+.*)?")


def packages_install(checkout: Path, package: Package) -> Install:
    """Return how the packages of the repository at `checkout` are installed."""
    files = {
        str(found.relative_to(checkout)): found.read_bytes()
        for pattern in MANIFESTS
        for found in sorted(checkout.glob(pattern))
        if found.is_file() and "node_modules" not in found.relative_to(checkout).parts
    }
    npm_lock = next((name for name in NPM_LOCK_FILES if name in files), "")
    if npm_lock:
        return Install(files, (_with_peers_as_npm_6("ci"),), lock_file=npm_lock)
    if PNPM_LOCK_FILE in files:
        return _pnpm(files, package)
    if YARN_LOCK_FILE in files:
        return _yarn(files, package)
    return Install(files, (_with_peers_as_npm_6("install", "--no-package-lock"),))


def _with_peers_as_npm_6(*words: str) -> tuple[str, ...]:
    """Return the command, tried again as npm 6 resolved peers: some repositories have lived with that."""
    command = " ".join(("npm", *words, *NPM_OPTIONS))
    return ("sh", "-c", f"{command} || {command} --legacy-peer-deps")


def _pnpm(files: dict[str, bytes], package: Package) -> Install:
    found = _LOCK_VERSION.search(files[PNPM_LOCK_FILE].decode(errors="replace"))
    version = _exact(package, "pnpm") or PNPM_OF_LOCK.get(found[1] if found else "", "9")
    words = ("npx", "--yes", f"pnpm@{version}", "install", "--frozen-lockfile", "--ignore-scripts")
    # Copies: the store lies on another file system, and links into it would not outlive the installation.
    return Install(files, ((*words, "--config.package-import-method=copy"),), lock_file=PNPM_LOCK_FILE)


def _yarn(files: dict[str, bytes], package: Package) -> Install:
    if b"__metadata:" not in files[YARN_LOCK_FILE]:
        options = ("--frozen-lockfile", "--ignore-scripts", "--non-interactive", "--ignore-engines", "--silent")
        version = _exact(package, "yarn") or YARN_1
        return Install(
            files, (("npx", "--yes", f"yarn@{version}", "install", *options),), lock_file=YARN_LOCK_FILE
        )
    version = _exact(package, "yarn") or YARN_BERRY
    return Install(
        files,
        (
            ("npx", "--yes", f"@yarnpkg/cli-dist@{version}", "install", "--immutable", "--mode=skip-build"),
            ("rm", "-rf", YARN_CACHE),
        ),
        environment={
            "YARN_NODE_LINKER": "node-modules",
            "YARN_ENABLE_SCRIPTS": "0",
            # The release that the repository ships is not among the files of an installation.
            "YARN_IGNORE_PATH": "1",
            "YARN_ENABLE_GLOBAL_CACHE": "0",
            # Not in node_modules: what is there and no package is cleared away before packages are written.
            "YARN_CACHE_FOLDER": YARN_CACHE,
        },
        lock_file=YARN_LOCK_FILE,
    )


def _exact(package: Package, manager: str) -> str:
    """Return the version that "packageManager" pins, if it is of this manager."""
    found = _EXACT_MANAGER.fullmatch(package.manager)
    return found[2] if found and found[1] == manager else ""
