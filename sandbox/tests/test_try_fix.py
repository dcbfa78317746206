"""`manage.py try_fix` prints the verdict for any local repository."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from core.patch import Patch
from sandbox.local_patch import commit_checkout, patch_read
from sandbox.tests.repositories import TEST_COMMAND, node_repository

FILES = {
    "src/add.js": "module.exports = (a, b) => a - b;\n",
    "src/old.js": "module.exports = 1;\n",
    "tests/zero.test.js": "module.exports = { 'zero': () => { if (require('../src/add')(1, 0) != 1) throw 1; } };",
}
NEW_TEST = (
    "module.exports = { 'adds': () => { if (require('../src/add')(1, 2) !== 3) throw new Error('no'); } };\n"
)
TESTS = {"tests/adds.test.js": NEW_TEST}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a bug, and a platform that may run it on this machine."""
    env = settings.ENV.model_copy(update={"sandbox_runner": "local", "sandbox_allow_unisolated": True})
    monkeypatch.setattr(settings, "ENV", env)
    repository = node_repository(tmp_path / "repository", FILES)
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "base")
    return repository


def test_a_right_fix_is_fixed(repository: Path) -> None:
    printed = tried(repository, {"src/add.js": "module.exports = (a, b) => a + b;\n"})

    assert printed.startswith("fixed: ")
    assert "FAIL_TO_PASS: tests/adds.test.js::adds" in printed
    assert "PASS_TO_PASS 1" in printed


def test_a_wrong_fix_is_not_and_the_command_says_so_by_its_exit_code(repository: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        tried(repository, {"src/add.js": "module.exports = (a, b) => b - a;\n"})

    assert ended.value.code == 1


def test_a_patch_of_another_commit_is_told_and_nothing_runs(repository: Path) -> None:
    (repository / "other.patch").write_text("--- a/no.js\n+++ b/no.js\n@@ -1 +1 @@\n-a\n+b\n")

    with pytest.raises(CommandError, match=r"no\.js"):
        call_command("try_fix", repo=repository, base="HEAD", fix=repository / "other.patch")


def test_a_patch_is_read_with_what_it_writes_moves_and_deletes(repository: Path) -> None:
    git(repository, "mv", "src/old.js", "src/new.js")
    git(repository, "rm", "-q", "tests/zero.test.js")
    file = patch_of(repository, {"src/add.js": "größe\n"})

    with commit_checkout(repository, "HEAD") as checkout:
        patch = patch_read(checkout, [file])

    expected = {
        "src/add.js": "größe\n",
        "src/new.js": FILES["src/old.js"],
        "src/old.js": None,
        "tests/zero.test.js": None,
    }
    assert patch == Patch(expected)


def tried(repository: Path, fix: dict[str, str]) -> str:
    tests, change = patch_of(repository, TESTS), patch_of(repository, fix)
    output = StringIO()
    call_command(
        "try_fix",
        repo=repository,
        base="HEAD",
        tests=tests,
        fix=change,
        test_command=TEST_COMMAND,
        stdout=output,
        stderr=StringIO(),
    )
    return output.getvalue()


def patch_of(repository: Path, files: dict[str, str]) -> Path:
    """Return a patch file with `files` and whatever is changed already; the work tree is clean afterwards."""
    for path, content in files.items():
        (repository / path).write_text(content)
    git(repository, "add", "-A")
    target = repository.parent / f"{'-'.join(sorted(files)).replace('/', '_')}.patch"
    target.write_text(git(repository, "diff", "--cached", "--find-renames"))
    git(repository, "reset", "-q", "--hard")
    return target


def git(repository: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=repository, check=True, capture_output=True, text=True).stdout
