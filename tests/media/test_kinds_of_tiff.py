"""Every kind of TIFF, turned in every way, comes out upright and as bright as it was."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
import tifffile

from tests.tiffs import KINDS, fax, small, stored
from vidcolor.media.picture import read_picture, write_picture

WEIGHTS = [0.299, 0.587, 0.114]


def colored(source: Path, output: Path) -> tuple[str, ...]:
    picture = read_picture(source)
    cb, cr = (np.full(picture.luma.shape, value, np.float32) for value in (110.0, 160.0))
    return (*picture.notes, *write_picture(output, picture, cb, cr, "a note"))


def as_read(output: Path) -> dict[str, np.ndarray]:
    """RGB by whoever reads such a file."""
    with PIL.Image.open(output) as image:
        found = {"Pillow": np.asarray(image.convert("RGB"))}
    if output.suffix == ".tif":
        found["tifffile"] = tifffile.imread(output)[:, :, :3]
    if output.suffix != ".jpg":
        read = cv2.imread(str(output), cv2.IMREAD_UNCHANGED)
        found["OpenCV"] = read[:, :, 2::-1]
    return found


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_tiff_stays_as_bright_and_upright(
    tmp_path: Path, name: str, orientation: int
) -> None:
    kind, scene = KINDS[name], small()
    kind.make(tmp_path / "a.tif", stored(scene, orientation), orientation)
    suffixes = (".tif", ".png", ".jpg", ".webp") if orientation in (1, 6) else (".tif", ".png")
    for suffix in suffixes:
        output = tmp_path / f"b{suffix}"
        colored(tmp_path / "a.tif", output)
        deep = kind.depth == 16 and suffix in (".tif", ".png")
        loss = 0 if suffix in (".tif", ".png") else 10
        for reader, rgb in as_read(output).items():
            if reader != "Pillow":  # which shows 16 bits of colour as 8
                assert rgb.dtype == (np.uint16 if deep else np.uint8), (suffix, reader)
            peak = np.iinfo(rgb.dtype).max
            luma = rgb @ WEIGHTS / peak * 255
            assert luma.shape == scene.shape, (suffix, reader)
            assert np.abs(luma - scene).max() <= kind.off + loss, (suffix, reader)
            assert np.ptp(rgb / peak * 255, axis=2)[(scene > 60) & (scene < 190)].min() > 15


@pytest.mark.parametrize("name", [n for n in KINDS if KINDS[n].depth == 16])
def test_sixteen_bits_come_through_to_the_last_one(tmp_path: Path, name: str) -> None:
    KINDS[name].make(tmp_path / "a.tif", small(), 1)
    colored(tmp_path / "a.tif", tmp_path / "b.tif")
    luma = tifffile.imread(tmp_path / "b.tif")[:, :, :3] @ WEIGHTS
    coarse = {"float16": 33, "ten_bits": 33, "twelve": 9, "fourteen": 3, "cie_lab16": 5}
    source_step = next((step for kind, step in coarse.items() if name.startswith(kind)), 2)
    assert np.abs(luma - small() * 257.0).max() <= source_step


@pytest.mark.parametrize("compression", ["raw", "group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_black_and_white_of_one_bit(tmp_path: Path, compression: str, orientation: int) -> None:
    lines = np.where(small() > 120, 255, 0).astype(np.uint8)
    fax(compression)(tmp_path / "a.tif", stored(lines, orientation), orientation)
    colored(tmp_path / "a.tif", tmp_path / "b.tif")
    luma = cv2.imread(str(tmp_path / "b.tif"))[:, :, ::-1] @ WEIGHTS
    assert np.abs(luma - lines).max() <= 1


def test_alpha_that_colour_was_multiplied_by_stays_beside_it(tmp_path: Path) -> None:
    KINDS["rgba16_associated"].make(tmp_path / "a.tif", small(), 1)
    colored(tmp_path / "a.tif", tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as made:
        assert [int(kind) for kind in made.pages[0].extrasamples] == [2]
        alpha = made.pages[0].asarray()[:, :, 3]
    assert (alpha[:, :32] == 65535).all() and (alpha[:, 32:] == 40000).all()
