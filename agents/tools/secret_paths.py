"""Files that may hold credentials: no agent reads them and no fix writes them."""

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

SECRET_NAMES = (
    ".env",
    ".env.*",
    ".envrc",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".htpasswd",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "credentials",
    "credentials.json",
    "secrets.json",
    "secrets.yml",
    "secrets.yaml",
)

# Committed on purpose, without values.
EXAMPLE_SUFFIXES = (".example", ".sample", ".template", ".dist")


def is_secret_path(path: str) -> bool:
    """Return whether the file's name says that it holds credentials."""
    name = PurePosixPath(path).name.lower()
    if name.endswith(EXAMPLE_SUFFIXES):
        return False
    return any(fnmatchcase(name, pattern) for pattern in SECRET_NAMES)
