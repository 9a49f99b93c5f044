from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.train.conftest import photograph
from vidcolor.errors import InputError, OutputError
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


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_every_kind_of_picture_is_read(suffix: str, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "a" / "b"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / f"one{suffix.upper()}"), photograph(3))
    store = open_store([tmp_path / "data"], tmp_path / "cache")
    expected = cv2.cvtColor(photograph(3), cv2.COLOR_BGR2YCrCb)[..., [0, 2, 1]]
    assert np.abs(store.picture(0).astype(int) - expected).mean() < 6


def test_several_folders_and_a_limit(pictures: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "9.png"), photograph(9))
    assert len(open_store([pictures, other], tmp_path / "cache")) == 7
    assert len(open_store([pictures, other], tmp_path / "cache", limit=2)) == 2


def test_tinted_pictures_are_left_out(pictures: Path, tmp_path: Path) -> None:
    grey = cv2.cvtColor(photograph(2), cv2.COLOR_BGR2GRAY).astype(np.float32)
    sepia = np.dstack([grey * 0.7, grey * 0.85, grey]).astype(np.uint8)
    cv2.imwrite(str(pictures / "sepia.png"), sepia)
    store = open_store([pictures], tmp_path / "cache")
    assert [(Path(file).name, why) for file, why in store.skipped] == [
        ("sepia.png", "is tinted, not coloured")
    ]


def test_the_threshold_of_grey_can_be_moved(pictures: Path, tmp_path: Path) -> None:
    pale = cv2.addWeighted(photograph(4), 0.03, np.full((80, 100, 3), 120, np.uint8), 0.97, 0)
    cv2.imwrite(str(pictures / "pale.png"), pale)

    def count(least: float) -> int:
        return len(open_store([pictures], tmp_path / "cache", None, least))

    assert count(3.0) == 6
    assert count(0.5) == 7
    with pytest.raises(InputError, match="is grey"):
        count(120.0)


def write_clip(path: Path, seconds: int, rate: int = 5) -> None:
    """A clip whose colours change every two seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate, options={"g": str(2 * rate)})
        stream.width, stream.height, stream.pix_fmt = 112, 80, "yuv420p"
        for number in range(seconds * rate):
            bgr = photograph(number // (2 * rate), 80, 112)
            frame = av.VideoFrame.from_ndarray(bgr, format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_frames_of_clips_are_taken_seconds_apart(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_clip(tmp_path / "data" / "clip.mp4", 7)
    store = open_store([tmp_path / "data"], tmp_path / "cache")
    assert len(store) == 4
    for index in range(4):
        expected = cv2.cvtColor(photograph(index, 80, 112), cv2.COLOR_BGR2YCrCb)[..., [0, 2, 1]]
        assert np.abs(store.picture(index).astype(int) - expected).mean() < 8
    # One film is trained on or validated on, not cut in two.
    assert len({entry.digest for entry in store.entries}) == 1
    assert [] in store.split()


def test_a_damaged_clip_is_skipped_and_named(pictures: Path, tmp_path: Path) -> None:
    (pictures / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    store = open_store([pictures], tmp_path / "cache")
    assert len(store) == 6
    assert store.skipped[0][1] == "cannot be decoded"


def test_without_room_pictures_are_decoded_as_they_are_needed(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = open_store([pictures], tmp_path / "roomy")
    usage = type("Usage", (), {"free": 10**6})
    monkeypatch.setattr("vidcolor.train.data.shutil.disk_usage", lambda path: usage)
    tight = open_store([pictures], tmp_path / "tight")
    assert not tight.is_stored
    assert roomy.is_stored
    assert tight.fingerprint == roomy.fingerprint
    assert all((tight.picture(i) == roomy.picture(i)).all() for i in range(6))
    assert sum(path.stat().st_size for path in (tmp_path / "tight").iterdir()) < 10**6


def test_a_cache_that_cannot_be_written_is_named(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(OutputError):
        open_store([pictures], tmp_path / "cache")


def test_pictures_for_validation_are_not_trained_on(pictures: Path, tmp_path: Path) -> None:
    other = tmp_path / "val"
    other.mkdir()
    cv2.imwrite(str(other / "again.png"), photograph(2))
    store = open_store([pictures], tmp_path / "cache")
    train = store.without(open_store([other], tmp_path / "cache"))
    assert train == [0, 1, 3, 4, 5]


def test_hues_are_counted_of_the_training_split(pictures: Path, tmp_path: Path) -> None:
    store = open_store([pictures], tmp_path / "cache")
    train, _ = store.split()
    expected = np.zeros((256, 256), np.int64)
    for index in train:
        cb, cr = store.picture(index)[::4, ::4, 1:].reshape(-1, 2).T
        np.add.at(expected, (cb, cr), 1)
    assert (store.histogram == expected).all()
