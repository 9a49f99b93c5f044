"""Which pictures a pattern, a glob or a folder stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidcolor.errors import InputError
from vidcolor.media.sequence import is_pattern, named_after, numbered, sequence_of


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")


@pytest.mark.parametrize("first", [0, 1, 86400])
@pytest.mark.parametrize("word", ["frame_%05d.png", "*.png", ""])
def test_a_pattern_a_glob_and_a_folder_stand_for_the_same(
    tmp_path: Path, word: str, first: int
) -> None:
    folder = tmp_path / "scan of a reel"
    names = [f"frame_{first + index:05d}.png" for index in range(3)]
    touch(folder, *names, "notes.txt", "Thumbs.db", ".frame_00009.png")
    found = sequence_of(folder / word)
    assert found is not None
    assert [path.name for path in found.files] == names
    assert found.numbers == (first, first + 1, first + 2)
    assert found.pattern.name == "frame_%05d.png"


def test_numbers_without_zeros_are_sorted_as_numbers(tmp_path: Path) -> None:
    touch(tmp_path, *(f"f{number}.tif" for number in range(1, 12)))
    for word in (tmp_path, tmp_path / "f%d.tif", tmp_path / "*.tif"):
        found = sequence_of(word)
        assert found is not None
        assert found.numbers == tuple(range(1, 12))
        assert numbered(found.pattern, 7).name == "f7.tif"


def test_numbers_may_outgrow_their_zeros(tmp_path: Path) -> None:
    touch(tmp_path, "f_98.png", "f_99.png", "f_100.png")
    found = sequence_of(tmp_path / "f_%02d.png")
    assert found is not None and found.numbers == (98, 99, 100)


@pytest.mark.parametrize("name", ["100% of it_%02d.png", "Straße_%02d_v2.png", "a.b-%02d.png"])
def test_names_may_hold_anything(tmp_path: Path, name: str) -> None:
    touch(tmp_path, *(name.replace("%02d", f"{number:02d}") for number in range(3)))
    found = sequence_of(tmp_path)
    assert found is not None and found.numbers == (0, 1, 2)
    assert [numbered(found.pattern, number) for number in found.numbers] == list(found.files)
    again = sequence_of(found.pattern)
    assert again is not None and again.files == found.files


def test_the_number_is_the_last_one_that_differs(tmp_path: Path) -> None:
    touch(tmp_path, "scan_2024_0001_v3.dpx", "scan_2024_0002_v3.dpx")
    found = sequence_of(tmp_path)
    assert found is not None and found.numbers == (1, 2)


def test_several_sequences_are_named(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{reel}_{n:03d}.png" for reel in ("a", "b") for n in range(3)), "c_1.jpg")
    for word in (tmp_path, tmp_path / "*"):
        with pytest.raises(InputError) as caught:
            sequence_of(word)
        assert "2 sequences: a_%03d.png (0 to 2), b_%03d.png (0 to 2)" in caught.value.sentence
        assert "a_%03d.png'" in caught.value.remedy
    found = sequence_of(tmp_path / "a*.png")
    assert found is not None and len(found.files) == 3


def test_a_missing_number_has_the_picture_before(tmp_path: Path) -> None:
    touch(tmp_path, *(f"f{number}.png" for number in (1, 2, 4, 5, 8)))
    found = sequence_of(tmp_path)
    assert found is not None
    assert found.missing() == [3, 6, 7]
    names = [path.stem for path in found.frames()]
    assert names == ["f1", "f2", "f2", "f4", "f5", "f5", "f5", "f8"]


@pytest.mark.parametrize(
    ("names", "word", "said"),
    [
        (("f_1.png", "f_01.png", "f_2.png"), "", "number 1 twice: f_01.png and f_1.png"),
        (("f_1.png", "f_2.png", "f_900.png"), "", "most are missing"),
        (("f_1.exr", "f_2.exr"), "", "linear light"),
        (("f_1.exr", "f_2.exr"), "*.exr", "linear light"),
        (("f_1.exr",), "f_%d.exr", "linear light"),
        (("f_1.png",), "g_%d.png", "No file has a name like"),
        (("one.png", "two.png"), "*.png", "no numbers"),
        (("a1.mp4", "a2.mp4"), "*.mp4", "no kind of picture"),
    ],
)
def test_what_is_no_sequence_is_said(
    tmp_path: Path, names: tuple[str, ...], word: str, said: str
) -> None:
    touch(tmp_path, *names)
    with pytest.raises(InputError, match=said):
        sequence_of(tmp_path / word)


def test_files_and_folders_of_anything_else_are_none(tmp_path: Path) -> None:
    touch(tmp_path, "film_%03d.mp4", "film[1].mp4", "one.png")
    for word in ("film_%03d.mp4", "film[1].mp4", "one.png", "none.mp4", "no*.png", ""):
        assert sequence_of(tmp_path / word) is None


def test_what_is_named_after_a_sequence_lies_beside_its_folder(tmp_path: Path) -> None:
    touch(tmp_path / "reel", "frame_1.png", "film.mp4")
    assert named_after(tmp_path / "reel" / "frame_%d.png") == tmp_path / "reel_frame"
    assert named_after(tmp_path / "reel" / "*.png") == tmp_path / "reel"
    for itself in (tmp_path / "reel", tmp_path / "reel" / "film.mp4"):
        assert named_after(itself) == itself


def test_a_pattern_has_one_place_for_a_number() -> None:
    assert is_pattern(Path("a/f_%05d.png")) and is_pattern(Path("100%%_%d.png"))
    assert not any(
        is_pattern(Path(name)) for name in ("f.png", "100%%d.png", "%d_%d.png", "%s.png")
    )
