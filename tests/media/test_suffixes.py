from fractions import Fraction
from pathlib import Path

import pytest

from tests.media.conftest import Recipe, make_film
from vidcolor.media.suffixes import (
    CONTAINERS,
    FILMS,
    MAY_MOVE,
    PICTURE_WRITERS,
    PICTURES,
    may_be_film,
    may_be_picture,
)

MPEG2 = Recipe(codec="mpeg2video", options={}, time_base=Fraction(1, 24))


def test_what_is_written_is_read_and_nothing_is_both_film_and_picture() -> None:
    assert set(CONTAINERS) < FILMS
    assert set(PICTURE_WRITERS) < PICTURES
    assert MAY_MOVE < PICTURES
    assert not FILMS & PICTURES
    assert all(s == s.lower() and s.startswith(".") for s in FILMS | PICTURES)


def test_names_of_films_and_pictures_in_archives() -> None:
    films = "m1v m2p 3g2 f4v tod rm rmvb vro m4v ogm qt amv gxf wtv ivf vob MPG"
    pictures = "jfif jpe pnm j2k jpf dpx heic heif avif tga bmp psd exr jxl JPG"
    assert all(may_be_film(Path(f"a.{s}")) for s in films.split())
    assert all(may_be_picture(Path(f"a.{s}")) for s in pictures.split())
    others = "txt mp3 wav srt pdf zip json vidcolor py"
    assert not any(may_be_film(p) or may_be_picture(p) for p in map(Path, others.split()))


@pytest.mark.parametrize("suffix", [".ts", ".mts", ".TS"])
def test_programs_in_typescript_are_no_films(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("export const título = '日本';\n" * 60)
    assert not may_be_film(path)
    path.write_bytes(b"\x8f\x00\x47" * 400)
    assert may_be_film(path)  # damaged perhaps, which is said when it is opened
    path.unlink()
    assert may_be_film(path)


@pytest.mark.parametrize("suffix", [".mod", ".dat"])
def test_music_and_data_are_no_films(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"Golden days".ljust(1080, b"\0") + b"M.K.")
    assert not may_be_film(path)
    stream = make_film(tmp_path / "a.mpg", MPEG2)
    stream.rename(path)
    assert may_be_film(path)
    transport = make_film(tmp_path / "a.ts", Recipe())
    transport.rename(path)
    assert may_be_film(path)
