import dataclasses
import io

import cv2
import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest

from vidcolor.errors import InputError, OutputError
from vidcolor.media.picture import Picture, compose, luma_of, read_picture, write_picture

ICC = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()


def grey(depth=8, size=(30, 40)):
    kind = np.uint8 if depth == 8 else np.uint16
    return np.random.default_rng(0).integers(0, 1 << depth, size).astype(kind)


def color(size=(30, 40), cb=100.0, cr=170.0):
    return np.full(size, cb, np.float32), np.full(size, cr, np.float32)


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_an_eight_bit_picture_keeps_its_luma_in_colour(tmp_path, suffix):
    source, output = tmp_path / "a.png", tmp_path / f"b.{suffix}"
    PIL.Image.fromarray(grey()).save(source)
    picture = read_picture(source)
    assert np.array_equal(picture.luma, grey())
    assert picture.rgb is None and picture.alpha is None
    write_picture(output, picture, *color())
    back = np.asarray(PIL.Image.open(output).convert("RGB"))
    assert np.ptp(back, axis=2).max() > 20
    if suffix != "webp":
        assert np.abs(luma_of(back).astype(int) - grey()).max() <= 1


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_stay_sixteen_bits(tmp_path, suffix):
    source, output = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    cv2.imwrite(str(source), grey(16))
    picture = read_picture(source)
    assert picture.luma.dtype == np.uint16
    assert np.array_equal(picture.luma, grey(16))
    write_picture(output, picture, *color())
    back = cv2.imread(str(output), cv2.IMREAD_UNCHANGED)
    assert back.dtype == np.uint16
    assert np.abs(luma_of(back[:, :, ::-1]).astype(int) - grey(16)).max() <= 1


def test_alpha_is_kept_and_colour_sources_are_told(tmp_path):
    rgba = np.random.default_rng(1).integers(0, 256, (20, 30, 4)).astype(np.uint8)
    PIL.Image.fromarray(rgba).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert np.array_equal(picture.rgb, rgba[:, :, :3])
    assert np.array_equal(picture.alpha, rgba[:, :, 3])
    write_picture(tmp_path / "b.png", picture, *color((20, 30)))
    assert np.array_equal(np.asarray(PIL.Image.open(tmp_path / "b.png"))[:, :, 3], rgba[:, :, 3])


def test_sixteen_bit_alpha_is_kept(tmp_path):
    rgba = np.random.default_rng(1).integers(0, 65536, (20, 30, 4)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), rgba[:, :, [2, 1, 0, 3]])
    picture = read_picture(tmp_path / "a.png")
    assert np.array_equal(picture.rgb, rgba[:, :, :3])
    write_picture(tmp_path / "b.png", picture, *color((20, 30)))
    back = cv2.imread(str(tmp_path / "b.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(back[:, :, 3], rgba[:, :, 3])


def exif(orientation):
    data = PIL.Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "Maker"
    return data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_pillow_applies_it(tmp_path, orientation):
    path = tmp_path / "a.png"
    PIL.Image.fromarray(grey()).save(path, exif=exif(orientation))
    upright = np.asarray(PIL.ImageOps.exif_transpose(PIL.Image.open(path)))
    picture = read_picture(path)
    assert np.array_equal(picture.luma, upright)
    write_picture(tmp_path / "b.jpg", picture, *color(picture.luma.shape))
    written = PIL.Image.open(tmp_path / "b.jpg").getexif()
    assert written[0x0112] == 1
    assert written[0x010F] == "Maker"


@pytest.mark.parametrize("name", ["b.png", "b.jpg", "b.webp", "b.tif"])
def test_profile_and_resolution_are_kept(tmp_path, name):
    path = tmp_path / "a.png"
    PIL.Image.fromarray(grey()).save(path, icc_profile=ICC, dpi=(300, 300))
    write_picture(tmp_path / name, read_picture(path), *color())
    info = PIL.Image.open(tmp_path / name).info
    assert info["icc_profile"] == ICC
    if name != "b.webp":
        assert info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_sixteen_bit_png_keeps_profile_exif_and_resolution(tmp_path):
    path = tmp_path / "a.png"
    image = PIL.Image.fromarray(grey(16))
    image.save(path, icc_profile=ICC, dpi=(300, 300), exif=exif(6))
    picture = read_picture(path)
    assert picture.luma.shape == (40, 30)
    write_picture(tmp_path / "b.png", picture, *color(picture.luma.shape))
    back = PIL.Image.open(tmp_path / "b.png")
    back.load()
    assert back.info["icc_profile"] == ICC
    assert back.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert back.getexif()[0x0112] == 1


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bit_tiff_keeps_profile_and_resolution(tmp_path, channels):
    samples = np.random.default_rng(1).integers(0, 65536, (20, 31, channels)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "a.tif"), samples)
    picture = dataclasses.replace(read_picture(tmp_path / "a.tif"), icc_profile=ICC, dpi=(300, 150))
    write_picture(tmp_path / "b.tif", picture, *color((20, 31)))
    back = cv2.imread(str(tmp_path / "b.tif"), cv2.IMREAD_UNCHANGED)
    assert back.dtype == np.uint16 and back.shape == samples.shape
    assert np.abs(luma_of(back[:, :, 2::-1]).astype(int) - picture.luma).max() <= 1
    if channels == 4:
        assert np.array_equal(back[:, :, 3], samples[:, :, 3])
    tags = PIL.Image.open(tmp_path / "b.tif").tag_v2 if channels == 3 else {34675: ICC, 282: 300}
    assert tags[34675] == ICC
    assert tags[282] == 300


@pytest.mark.parametrize("suffix", [".jfif", ".jpe"])
def test_other_names_of_jpeg_are_written_as_jpeg(tmp_path, suffix):
    luma = np.full((16, 16), 90, np.uint8)
    neutral = np.full((16, 16), 128, np.float32)
    write_picture(tmp_path / f"a{suffix}", Picture(luma), neutral, neutral)
    with PIL.Image.open(tmp_path / f"a{suffix}") as image:
        assert image.format == "JPEG"


def test_jpeg_has_full_chroma(tmp_path):
    PIL.Image.fromarray(grey()).save(tmp_path / "a.jpg")
    write_picture(tmp_path / "b.jpg", read_picture(tmp_path / "a.jpg"), *color())
    with PIL.Image.open(tmp_path / "b.jpg") as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16"])
def test_every_usual_mode_can_be_read(tmp_path, mode):
    suffix = "tif" if mode in ("CMYK", "I") else "png"
    deep = mode == "I;16"
    image = PIL.Image.fromarray(grey(16 if deep else 8, (8, 9)))
    image = image if deep else image.convert(mode)
    image.save(tmp_path / f"a.{suffix}")
    picture = read_picture(tmp_path / f"a.{suffix}")
    assert picture.luma.shape == (8, 9)
    assert picture.luma.dtype in (np.uint8, np.uint16)


def test_composed_colours_keep_luma_even_at_the_edge_of_what_can_be_shown():
    luma = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for cb, cr in [(0, 0), (255, 0), (0, 255), (255, 255), (128, 128), (90, 200)]:
        rgb = compose(luma, *color((16, 16), cb, cr))
        assert np.abs(luma_of(rgb).astype(int) - luma).max() <= 1


def test_composed_colour_is_bt601():
    """Red of JPEG: Y 76, Cb 85, Cr 255 (BT.601, by hand)."""
    red = compose(np.full((1, 1), 76, np.uint8), *color((1, 1), 85.0, 255.0))
    assert np.abs(red[0, 0].astype(int) - (254, 0, 0)).max() <= 1


class TestRefusals:
    def test_missing_and_foreign_files(self, tmp_path):
        with pytest.raises(InputError, match="does not exist"):
            read_picture(tmp_path / "a.png")
        (tmp_path / "a.png").write_text("text")
        with pytest.raises(InputError, match="not a picture"):
            read_picture(tmp_path / "a.png")

    def test_half_a_picture(self, tmp_path):
        buffer = io.BytesIO()
        PIL.Image.fromarray(grey()).save(buffer, "png")
        (tmp_path / "a.png").write_bytes(buffer.getvalue()[:300])
        with pytest.raises(InputError):
            read_picture(tmp_path / "a.png")

    @pytest.mark.parametrize("name", ["a.bmp", "a", "none/a.png"])
    def test_outputs_that_cannot_be(self, tmp_path, name):
        PIL.Image.fromarray(grey()).save(tmp_path / "s.png")
        with pytest.raises(OutputError):
            write_picture(tmp_path / name, read_picture(tmp_path / "s.png"), *color())
        assert [p.name for p in tmp_path.iterdir()] == ["s.png"]
