"""A case's sources on disk as the agents get them: a checkout of one commit and a bare repository."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from evals.fixes.case import FixCase
from integrations.codehost import Checkout
from integrations.git import git

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "Fix Cases"),
        ("EMAIL", "fixes@example.invalid"),
        ("DATE", "2026-05-30T12:00:00Z"),
    )
}


def checkout_of(case: FixCase, folder: Path) -> Checkout:
    """Return the case's checkout below `folder`, made once for these bytes; safe from several threads."""
    digest = hashlib.sha256(case.model_dump_json().encode() + repr(sorted(case.all_files.items())).encode())
    place = folder / digest.hexdigest()[:24]
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
        _build(case, draft)
        try:
            draft.rename(place)
        except OSError:  # another thread was first, and the same bytes gave the same commit
            shutil.rmtree(draft)
    sources, bare = place / "sources", place / "bare.git"
    commit = git("rev-parse", "HEAD", directory=bare).decode().strip()
    return Checkout(repository=case.repository, commit=commit, path=sources, git_dir=bare)


def _build(case: FixCase, draft: Path) -> None:
    sources, bare = draft / "sources", draft / "bare.git"
    if case.source is not None:
        git("clone", "--quiet", "--no-hardlinks", case.source.clone, str(sources), directory=draft)
        git("checkout", "--quiet", "--detach", case.source.commit, directory=sources)
    else:
        sources.mkdir()
        for path, content in case.all_files.items():
            target = sources / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        git("init", "--quiet", "--initial-branch=main", directory=sources)
        git("add", "--all", "--force", directory=sources)
        git("commit", "--quiet", "--message=Deployed", directory=sources, environment=IDENTITY)
    git("clone", "--quiet", "--bare", str(sources), str(bare), directory=draft)
    head = git("rev-parse", "HEAD", directory=sources).decode().strip()
    git("update-ref", "--no-deref", "HEAD", head, directory=bare)
