"""The note on program and settings in photographs, read back by Pillow, tifffile and a hex view."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
import tifffile

from vidcolor.media.picture import read_picture, write_picture

NOTE = "Coloured by vidcolor 0, model jörg (abc)"
SOFTWARE, DESCRIPTION, MAKER = 0x0131, 0x010E, 0x010F
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><note>mine</note></x:xmpmeta>"
OUTPUTS = ("b.png", "b.jpg", "b.tif", "b.webp")


def source(tmp_path: Path, depth: int = 8, **texts: str) -> Path:
    """A photograph whose EXIF says something: fields by the names above, in small letters."""
    path = tmp_path / "a.png"
    samples = np.random.default_rng(0).integers(0, 256, (30, 40)).astype(np.uint8)
    exif = PIL.Image.Exif()
    for name, text in texts.items():
        exif[globals()[name.upper()]] = text.encode()
    image = PIL.Image.fromarray(samples if depth == 8 else samples.astype(np.uint16) * 257)
    image.save(path, exif=exif)
    return path


def written(path: Path, output: Path, note: str | None) -> Path:
    picture = read_picture(path)
    cb, cr = (np.full(picture.luma.shape, value, np.float32) for value in (100.0, 170.0))
    write_picture(output, picture, cb, cr, note)
    return output


def text_of(path: Path, field: int) -> str:
    """An EXIF or TIFF field as UTF-8."""
    with PIL.Image.open(path) as image:
        return str(image.getexif().get(field, "")).encode("latin-1").decode()


def note_of(path: Path) -> str:
    if path.suffix != ".png":
        return text_of(path, SOFTWARE)
    with PIL.Image.open(path) as image:
        image.load()
        return str(image.text.get("Software", ""))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("name", OUTPUTS)
def test_the_note_is_in_every_format_and_the_samples_are_as_without(
    name: str, depth: int, tmp_path: Path
) -> None:
    path = source(tmp_path, depth, maker="Maker")
    with_note = written(path, tmp_path / name, NOTE)
    without = written(path, tmp_path / f"plain{name}", None)
    assert note_of(with_note) == NOTE
    assert note_of(without) == ""
    # A 16-bit TIFF has no EXIF, with a note or without.
    assert text_of(with_note, MAKER) == text_of(without, MAKER)
    both = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (with_note, without)]
    assert both[0].dtype == both[1].dtype
    assert np.array_equal(*both)


@pytest.mark.parametrize("name", ["b.jpg", "b.tif", "b.webp"])
def test_what_the_source_says_there_stays(name: str, tmp_path: Path) -> None:
    scanned = source(tmp_path, software="Scänner 1")
    output = written(scanned, tmp_path / name, NOTE)
    assert text_of(output, SOFTWARE) == "Scänner 1"
    assert text_of(output, DESCRIPTION) == NOTE
    described = source(tmp_path, description="Großmutter, 1932")
    output = written(described, tmp_path / name, NOTE)
    assert (text_of(output, SOFTWARE), text_of(output, DESCRIPTION)) == (NOTE, "Großmutter, 1932")
    both = source(tmp_path, software="Scänner 1", description="Großmutter, 1932")
    output = written(both, tmp_path / name, NOTE)
    assert text_of(output, SOFTWARE) == f"Scänner 1\n{NOTE}"
    assert text_of(output, DESCRIPTION) == "Großmutter, 1932"


def test_a_sixteen_bit_tiff_keeps_both_too(tmp_path: Path) -> None:
    both = source(tmp_path, 16, software="Scanner", description="Großmutter, 1932")
    output = written(both, tmp_path / "b.tif", NOTE)
    with tifffile.TiffFile(output) as read:
        tags = read.pages[0].tags
        assert tags[SOFTWARE].value == f"Scanner\n{NOTE}"
        assert tags[DESCRIPTION].value == "Großmutter, 1932"
        assert read.pages[0].asarray().dtype == np.uint16


@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_keeps_its_exif_and_xmp_byte_for_byte(depth: int, tmp_path: Path) -> None:
    path = source(tmp_path, depth, software="Scänner", description="Großmutter")
    with PIL.Image.open(path) as image:
        image.load()
        words = PIL.PngImagePlugin.PngInfo()
        words.add_itxt("XML:com.adobe.xmp", XMP.decode())
        image.save(path, pnginfo=words, exif=image.info["exif"])
    with_note = written(path, tmp_path / "b.png", NOTE)
    without = written(path, tmp_path / "c.png", None)
    found, plain = chunks(with_note), chunks(without)
    assert found[b"eXIf"] == plain[b"eXIf"]
    assert "Scänner".encode() in found[b"eXIf"] and "Großmutter".encode() in found[b"eXIf"]
    with PIL.Image.open(with_note) as image:
        assert image.info["xmp"] == XMP


def chunks(path: Path) -> dict[bytes, bytes]:
    """The chunks of a PNG by kind, as its specification lays them out."""
    data, place, found = path.read_bytes(), 8, {}
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        found[kind] = data[place + 8 : place + 8 + length]
        place += 12 + length
    return found


@pytest.mark.parametrize("name", OUTPUTS)
def test_letters_of_any_language_in_exif_come_through_without_a_note_too(
    name: str, tmp_path: Path
) -> None:
    path = source(tmp_path, maker="Café 日本")
    assert text_of(written(path, tmp_path / name, None), MAKER) == "Café 日本"
