"""What image editors do to a still must not cost its colour; another picture must not get in."""

import cv2
import numpy as np
import PIL.Image
import pytest

from tests.direct.conftest import HEIGHT, WIDTH, save, shot, tinted
from vidcolor.direct.reference import read_still
from vidcolor.direct.register import register

CB, CR = 150.0, 100.0


@pytest.fixture
def luma():
    return shot(1)[0]


def seen(laid):
    """Its chroma at the size of the frame."""
    return np.stack([cv2.resize(plane, (WIDTH, HEIGHT)) for plane in laid.chroma])


def shifted(rgb):
    return np.roll(rgb, (3, -3), (0, 1))


def enlarged(rgb):
    large = cv2.resize(rgb, None, fx=1.02, fy=1.02, interpolation=cv2.INTER_CUBIC)
    return large[1 : 1 + HEIGHT, 1 : 1 + WIDTH]


def relit(rgb):
    return (255 * (rgb / 255) ** 1.2 + 0.5).astype(np.uint8)


def cropped(rgb):
    return rgb[10:80, 16:110]


def doubled(rgb):
    return cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


def squeezed(rgb):
    return cv2.resize(rgb, (WIDTH // 2, HEIGHT))


@pytest.mark.parametrize("edit", [shifted, enlarged, relit, cropped, doubled, squeezed])
def test_a_still_survives_what_editors_do(tmp_path, luma, edit):
    laid = register(read_still(save(tmp_path / "a.png", edit(tinted(luma)))), luma)
    assert laid.fits
    assert (laid.confidence > 0.5).mean() > 0.45
    sure = np.kron(laid.confidence > 0.5, np.ones((2, 2), bool))
    assert np.abs(seen(laid)[0][sure] - CB).mean() < 3
    assert np.abs(seen(laid)[1][sure] - CR).mean() < 3


def test_a_still_keeps_what_is_finer_than_the_network_sees(tmp_path, luma):
    large = cv2.resize(luma, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    rgb = tinted(large, 128, 128)
    rgb[:, 100:102] = tinted(large, 90, 180)[:, 100:102]
    laid = register(read_still(save(tmp_path / "a.png", rgb)), luma)
    assert laid.chroma[1].shape > luma.shape
    assert laid.chroma[1].max() > seen(laid)[1].max() + 1


def test_colour_lands_where_it_was_painted(tmp_path, luma):
    rgb = tinted(luma, 128, 128)
    rgb[40:72, 60:100] = tinted(luma, 90, 180)[40:72, 60:100]
    laid = register(read_still(save(tmp_path / "a.png", shifted(rgb))), luma)
    inside, outside = seen(laid)[1, 48:68, 68:92], seen(laid)[1, :28]
    assert inside.mean() > 172
    assert abs(outside.mean() - 128) < 3


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_another_picture_does_not_fit(tmp_path, luma, seed):
    other = tinted(shot(seed)[0])
    assert not register(read_still(save(tmp_path / "a.png", other)), luma).fits


def test_an_even_picture_fits_no_frame(tmp_path, luma):
    even = tinted(np.full_like(luma, 120))
    assert not register(read_still(save(tmp_path / "a.png", even)), luma).fits


def test_what_was_painted_over_is_not_trusted(tmp_path, luma):
    rgb = tinted(luma)
    rgb[30:70, 40:90] = tinted(shot(7)[0], 60, 200)[30:70, 40:90]
    laid = register(read_still(save(tmp_path / "a.png", rgb)), luma)
    assert laid.confidence[18:32, 24:42].mean() < 0.4
    assert laid.confidence[:12].mean() > 0.9


def test_transparent_means_not_here(tmp_path, luma):
    rgba = np.dstack([tinted(luma), np.zeros_like(luma)])
    rgba[20:60, 20:60, 3] = 255
    laid = register(read_still(save(tmp_path / "a.png", rgba)), luma)
    assert laid.fits
    assert laid.confidence[12:28, 12:28].min() > 0.8
    assert laid.confidence[:, 40:].max() == 0


def test_every_kind_of_file_says_the_same(tmp_path, luma):
    rgb = tinted(luma)
    picture = PIL.Image.fromarray(rgb)
    picture.save(tmp_path / "plain.png")
    picture.quantize(64).save(tmp_path / "palette.png")
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=97)
    picture.save(tmp_path / "a.webp", lossless=True)
    picture.save(tmp_path / "a.tiff")
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif, quality=97)
    cv2.imwrite(str(tmp_path / "deep.png"), rgb[:, :, ::-1].astype(np.uint16) * 257)
    for path in sorted(tmp_path.iterdir()):
        laid = register(read_still(path), luma)
        assert laid.fits, path
        assert np.abs(np.median(laid.chroma, axis=(1, 2)) - (CB, CR)).max() < 3, path
