from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tests.train.conftest import photograph
from vidcolor.errors import InputError
from vidcolor.train.data import open_store


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "nested"
    folder.mkdir(parents=True)
    for seed in range(6):
        cv2.imwrite(str(folder / f"{seed}.png"), photograph(seed))
    return tmp_path / "data"


def test_pictures_come_back_as_luma_and_chroma(pictures: Path, tmp_path: Path) -> None:
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 6
    expected = cv2.cvtColor(photograph(0), cv2.COLOR_BGR2YCrCb)
    assert (store.picture(0) == expected[..., [0, 2, 1]]).all()


def test_the_second_time_nothing_is_decoded(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_store([pictures], tmp_path / "cache")
    monkeypatch.setattr(cv2, "imdecode", None)
    again = open_store([pictures], tmp_path / "cache")
    assert again.fingerprint == first.fingerprint
    assert (again.picture(5) == first.picture(5)).all()


def test_bad_and_grey_files_are_skipped_and_named(pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    (pictures / "empty.png").write_bytes(b"")
    cv2.imwrite(str(pictures / "tiny.png"), photograph(1, 20, 20))
    grey = cv2.cvtColor(photograph(2), cv2.COLOR_BGR2GRAY)
    cv2.imwrite(str(pictures / "grey.png"), grey)
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 6
    assert {Path(file).name: reason for file, reason in store.skipped} == {
        "broken.jpg": "cannot be decoded",
        "empty.png": "cannot be decoded",
        "tiny.png": "is smaller than 64 pixels",
        "grey.png": "is grey",
    }


def test_the_split_follows_content_not_names(pictures: Path, tmp_path: Path) -> None:
    def held_out(folder: Path) -> set[bytes]:
        store = open_store([folder], tmp_path / "cache")
        train, held = store.split()
        assert sorted(train + held) == list(range(len(store)))
        return {store.picture(i).tobytes() for i in held}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vidcolor.train.data.VALIDATION_SHARE", 0.5)
        before = held_out(pictures)
        for number, file in enumerate(sorted(pictures.rglob("*.png"))):
            file.rename(file.with_name(f"z{9 - number}.png"))
        assert held_out(pictures) == before
    assert before


@pytest.mark.parametrize("kind", ["missing", "empty", "all grey"])
def test_folders_without_pictures_are_named(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    if kind != "missing":
        folder.mkdir()
    if kind == "all grey":
        cv2.imwrite(str(folder / "g.png"), cv2.cvtColor(photograph(1), cv2.COLOR_BGR2GRAY))
    with pytest.raises(InputError, match="data"):
        open_store([folder], tmp_path / "cache")
