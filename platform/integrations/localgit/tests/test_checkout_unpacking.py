"""What a commit's archive becomes on disk, also where somebody has made the archive by hand."""

import io
import tarfile
from pathlib import Path

import pytest

from integrations import git_checkout
from integrations.codehost import CodeHostError


def entry(name: str, *, content: bytes = b"", link: str = "", mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.mode, info.size = mode, len(content)
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    return info, content


def unpacked(monkeypatch: pytest.MonkeyPatch, target: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        for info, content in entries:
            made.addfile(info, io.BytesIO(content))
    monkeypatch.setattr(git_checkout, "git", lambda *_args, **_options: archive.getvalue())
    target.mkdir()
    git_checkout._unpack(target, "0" * 40, target)
    return target


def test_files_links_and_the_right_to_run_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tarfile.TarInfo("bin")
    folder.type = tarfile.DIRTYPE
    found = unpacked(
        monkeypatch,
        tmp_path / "commit",
        (folder, b""),
        entry("bin/run", content=b"#!/bin/sh\n", mode=0o775),
        entry("readme", content=b"text"),
        entry("link", link="bin/run"),
    )

    assert (found / "bin" / "run").stat().st_mode & 0o777 == 0o755
    assert (found / "readme").stat().st_mode & 0o777 == 0o644
    assert (found / "link").read_bytes() == b"#!/bin/sh\n"


@pytest.mark.parametrize("link", ["/etc/passwd", "../../secret", "../commit-2/secret"])
def test_a_link_that_leaves_the_commit_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, link: str
) -> None:
    found = unpacked(monkeypatch, tmp_path / "commit", entry("link", link=link))

    assert list(found.iterdir()) == []


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", ".."])
def test_a_file_that_would_land_outside_ends_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    with pytest.raises(CodeHostError, match="outside itself"):
        unpacked(monkeypatch, tmp_path / "commit", entry(name, content=b"x"))

    assert [path.name for path in tmp_path.iterdir()] == ["commit"]


def test_nothing_is_written_through_a_link_of_the_same_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    twice = (entry("kept", content=b"kept"), entry("name", link="kept"), entry("name", content=b"changed"))

    with pytest.raises(FileExistsError):
        unpacked(monkeypatch, tmp_path / "commit", *twice)

    assert (tmp_path / "commit" / "kept").read_bytes() == b"kept"
