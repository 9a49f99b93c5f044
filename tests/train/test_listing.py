"""Which files are taken: links followed, each picture once, and nothing stops a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from tests.train.conftest import photograph
from vidcolor.errors import InputError
from vidcolor.train.data import PictureStore, open_store

NOBODY = 65534


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for seed in range(3):
        cv2.imwrite(str(folder / f"{seed}.png"), photograph(seed))
    return folder


def reasons(store: PictureStore) -> dict[str, str]:
    return {Path(file).name: reason for file, reason in store.skipped}


def test_links_to_files_and_folders_are_followed(pictures: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "all").symlink_to(pictures)
    elsewhere = tmp_path / "elsewhere.png"
    cv2.imwrite(str(elsewhere), photograph(9))
    (linked / "one.png").symlink_to(elsewhere)
    assert len(open_store([linked], tmp_path / "cache")) == 4
    (tmp_path / "top").symlink_to(linked)
    assert len(open_store([tmp_path / "top"], tmp_path / "cache")) == 4


def test_a_link_to_a_folder_above_ends_nowhere(pictures: Path, tmp_path: Path) -> None:
    (pictures / "inner").mkdir()
    cv2.imwrite(str(pictures / "inner" / "3.png"), photograph(3))
    (pictures / "inner" / "up").symlink_to(pictures)
    (pictures / "self").symlink_to(pictures / "self")
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 4
    assert reasons(store) == {"self": "is a broken link"}


def test_a_picture_that_is_reached_twice_counts_once(pictures: Path, tmp_path: Path) -> None:
    (pictures / "again.png").symlink_to(pictures / "0.png")
    (pictures / "more").symlink_to(pictures)
    assert len(open_store([pictures, pictures], tmp_path / "cache")) == 3


def test_what_is_no_picture_that_can_be_read_is_passed_over_and_listed(
    pictures: Path, tmp_path: Path
) -> None:
    (pictures / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (pictures / "album").symlink_to(tmp_path / "no folder")
    (pictures / "zeros.png").symlink_to("/dev/zero")
    (pictures / "folder.png").mkdir()
    os.mkfifo(pictures / "pipe.jpg")
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 3
    assert reasons(store) == {
        "album": "is a broken link",
        "gone.jpg": "is a broken link",
        "pipe.jpg": "is no file",
        "zeros.png": "is no file",
    }


def test_where_only_broken_links_lie_they_are_counted(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="2 is a broken link"):
        open_store([tmp_path], tmp_path / "cache")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Step down where root runs the tests, who may read everything."""
    if os.geteuid():
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_what_may_not_be_read_is_passed_over_until_it_may(pictures: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o777)
        shutil.copytree(pictures, top / "data")
        cv2.imwrite(str(top / "data" / "3.png"), photograph(3))
        (top / "data" / "locked").mkdir()
        cv2.imwrite(str(top / "data" / "locked" / "4.png"), photograph(4))
        (top / "data" / "3.png").chmod(0)
        (top / "data" / "locked").chmod(0)
        with as_nobody():
            store = open_store([top / "data"], top / "cache")
        assert len(store) == 3
        assert reasons(store) == {"3.png": "may not be read", "locked": "may not be read"}
        (top / "data" / "3.png").chmod(0o644)
        (top / "data" / "locked").chmod(0o755)
        with as_nobody():
            assert len(open_store([top / "data"], top / "cache")) == 5


def test_a_file_that_vanishes_before_it_is_decoded_is_passed_over(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidcolor.train import data

    original = data.list_files

    def listed_and_lost(folders: list[Path]) -> object:
        found = original(folders)
        (pictures / "1.png").unlink()
        return found

    monkeypatch.setattr(data, "list_files", listed_and_lost)
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 2
    assert reasons(store) == {"1.png": "is gone"}


def test_a_picture_that_vanishes_during_a_run_is_named(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10**6})
    monkeypatch.setattr("vidcolor.train.data.shutil.disk_usage", lambda path: usage)
    store = open_store([pictures], tmp_path / "cache")
    (pictures / "1.png").unlink()
    with pytest.raises(InputError, match=r"1\.png is gone"):
        store.picture(1)


def test_a_picture_of_more_pixels_than_can_be_decoded_is_passed_over(
    pictures: Path, tmp_path: Path
) -> None:
    header = b"P6\n60000 60000\n255\n"
    (pictures / "huge.bmp").write_bytes(header + bytes(100))
    store = open_store([pictures], tmp_path / "cache")
    assert reasons(store) == {"huge.bmp": "cannot be decoded"}


def test_names_that_are_no_text_are_listed(pictures: Path, tmp_path: Path) -> None:
    odd = os.fsencode(pictures) + b"/\xff\xfe.png"
    with open(odd, "wb") as stream:  # noqa: PTH123 - pathlib's names are text
        stream.write(b"no picture")
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 3
    assert list(reasons(store).values()) == ["cannot be decoded"]
