"""Git as a subprocess: no shell, no configuration of the machine's, no prompt, and always an end."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from core.errors import PlatformError, Unavailable
from integrations.codehost import CodeHostError

LOCAL_SECONDS = 60
NETWORK_SECONDS = 300

# What a child may know of this process's environment: where programs and certificates are, and proxies.
INHERITED = (
    "PATH",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
)

FIXED_ENVIRONMENT = {
    "LC_ALL": "C",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}

# The repositories are ours even where a volume gives them another owner's id; their hooks never run.
FIXED_CONFIGURATION = {
    "safe.directory": "*",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "gc.auto": "0",
}

# Everything that could change a file's bytes between the object store and a checkout is off (gitattributes(5);
# this file wins over those in the repository).
ATTRIBUTES = "* -text -ident -filter -working-tree-encoding -export-ignore -export-subst\n"

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/(?!\.)[A-Za-z0-9._-]+(?<!\.git)")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class GitFailed(PlatformError):
    """A git command ended with a status other than 0; `status` is it and the text is git's own."""

    def __init__(self, arguments: tuple[str, ...], status: int, output: str) -> None:
        super().__init__(f"git {arguments[0]} ended with status {status}: {output.strip() or 'no message'}")
        self.status = status


def git(
    *arguments: str,
    directory: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    configuration: Mapping[str, str] | None = None,
    timeout_seconds: float = LOCAL_SECONDS,
) -> bytes:
    """Run git in `directory` and return its output.

    `configuration` goes through the environment, so that a secret in it shows in no process list.
    Raises GitFailed, Unavailable after `timeout_seconds`, and PlatformError where git is not installed.
    """
    try:
        process = subprocess.Popen(
            ["git", *arguments],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(environment or {}, {**FIXED_CONFIGURATION, **(configuration or {})}),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        if not directory.is_dir():
            raise CodeHostError(f"there is no git repository in {directory}") from error
        raise PlatformError("git is not installed or not on PATH. Install git 2.38 or newer.") from error
    with process:
        try:
            output, errors = process.communicate(stdin, timeout=timeout_seconds)
        except BaseException as error:
            # The whole group: a transport helper that outlives git would keep the pipes open.
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                message = f"git {arguments[0]} did not end within {timeout_seconds:g} s"
                raise Unavailable("git", message) from error
            raise
    if process.returncode != 0:
        said = errors.decode(errors="replace") or output.decode(errors="replace")
        raise GitFailed(arguments, process.returncode, said)
    return output


def git_text(
    *arguments: str, directory: Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> str:
    """Run a local git command and return its output as one stripped text. Raises what `git` raises."""
    return git(*arguments, directory=directory, stdin=stdin, environment=environment).decode().strip()


def repository_create(git_dir: Path, *, branch: str = "main") -> None:
    """Create an empty bare repository whose checkouts are byte-exact; an existing one is kept."""
    git_dir.mkdir(parents=True, exist_ok=True)
    git("init", "--bare", "--quiet", f"--initial-branch={branch}", "--template=", ".", directory=git_dir)
    attributes = git_dir / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(ATTRIBUTES)


def checked_repository(repository: str) -> str:
    """Return `repository` if it has the form owner/name. Raises CodeHostError."""
    if not _REPOSITORY.fullmatch(repository):
        raise CodeHostError(f"{repository!r} does not name a repository. Write it as owner/name.")
    return repository


def checked_commit(commit: str) -> str:
    """Return `commit` if it is a full hash. Raises CodeHostError."""
    if not _COMMIT.fullmatch(commit):
        raise CodeHostError(f"{commit!r} is not a full commit hash. Resolve the reference first.")
    return commit


def _environment(extra: Mapping[str, str], configuration: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    pairs = {"GIT_CONFIG_COUNT": str(len(configuration))}
    for number, (key, value) in enumerate(configuration.items()):
        pairs[f"GIT_CONFIG_KEY_{number}"] = key
        pairs[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**inherited, **FIXED_ENVIRONMENT, **pairs, **extra}
