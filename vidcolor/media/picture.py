"""Still pictures: luma out, colour in, everything else in the file kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import PIL.PngImagePlugin
from numpy.typing import NDArray

from vidcolor.errors import InputError, OutputError
from vidcolor.media.deep import deep_samples
from vidcolor.media.files import check_length, finished_file
from vidcolor.media.heif import open_picture
from vidcolor.media.note import PNG_KEYWORD, noted, raw_fields, texts, with_raw_text
from vidcolor.media.planes import turn_by_exif
from vidcolor.media.pngchunks import with_metadata
from vidcolor.media.source import check_file, unreadable
from vidcolor.media.suffixes import PICTURE_WRITERS
from vidcolor.media.tiff import deep_tiff
from vidcolor.media.uncommon import uncommon_samples

_ORIENTATION = 0x0112
_KR, _KB = 0.299, 0.114


@dataclass(frozen=True, eq=False)
class Picture:
    """A still picture, turned as its EXIF orientation asks.

    Args:
        luma: (height, width) full-range BT.601, uint8 or uint16 (over 0..65535).
        alpha: likewise, or None.
        rgb: (height, width, 3) as in the source where that was in colour, or None.
        icc_profile: bytes, or None.
        exif: EXIF with its orientation set to 1, or None.
        xmp: bytes, or None.
        dpi: horizontal and vertical, or None.
    """

    luma: NDArray[Any]
    alpha: NDArray[Any] | None = None
    rgb: NDArray[Any] | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None

    @property
    def peak(self) -> int:
        """The value of white: 255 or 65535."""
        return int(np.iinfo(self.luma.dtype).max)

    @property
    def depth(self) -> int:
        """Bits of a sample: 8 or 16."""
        return 8 * self.luma.dtype.itemsize

    def rgb_bytes(self) -> NDArray[np.uint8]:
        """The picture as it is seen at 8 bits: RGB (height, width, 3)."""
        rgb = np.dstack([self.luma] * 3) if self.rgb is None else self.rgb
        return narrowed(rgb)


def read_picture(path: Path) -> Picture:
    """Read a picture of 8 or 16 bits.

    Raises:
        InputError: it is missing, no file, no picture, or damaged.
        MachineError: it is a HEIC, and what reads them is not installed.
    """
    path = Path(path)
    check_file(path)
    try:
        with open_picture(path) as image:
            orientation = image.getexif().get(_ORIENTATION, 1)
            image.load()
            return _read(path, image, orientation)
    except PermissionError as error:
        raise unreadable(path) from error
    except PIL.UnidentifiedImageError as error:
        samples = uncommon_samples(path)
        if samples is None:
            raise _damaged(path) from error
        return _of_samples(samples)
    except PIL.Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large a picture.", "Make it smaller first.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is not a picture, or is damaged.", "Check that it opens, or get another copy."
    )


def _read(path: Path, image: PIL.Image.Image, orientation: int) -> Picture:
    deep = deep_samples(path, image, orientation)
    samples: NDArray[Any] = _shallow_samples(image) if deep is None else deep
    exif = image.getexif()
    samples = turn_by_exif(samples, exif.get(_ORIENTATION, 1))
    if _ORIENTATION in exif:
        exif[_ORIENTATION] = 1
    dpi = image.info.get("dpi")
    return replace(
        _of_samples(samples),
        icc_profile=image.info.get("icc_profile"),
        exif=with_raw_text(exif).tobytes() if len(exif) else None,
        xmp=image.info.get("xmp"),
        dpi=(float(dpi[0]), float(dpi[1])) if dpi else None,
    )


def _of_samples(samples: NDArray[Any]) -> Picture:
    """A picture of samples (height, width, 1, 2, 3 or 4) alone."""
    colour, alpha = _split_alpha(samples)
    rgb = colour if colour.shape[2] == 3 else None
    return Picture(luma_of(rgb) if rgb is not None else colour[:, :, 0], alpha, rgb)


def luma_of(rgb: NDArray[Any]) -> NDArray[Any]:
    """Full-range BT.601 luma (height, width) of RGB (height, width, 3), at its own depth."""
    weights = np.array([_KR, 1 - _KR - _KB, _KB], np.float64)
    return np.rint(rgb @ weights).astype(rgb.dtype)


def _shallow_samples(image: PIL.Image.Image) -> NDArray[np.uint8]:
    """8-bit samples (height, width, 1, 2, 3 or 4)."""
    has_alpha = image.has_transparency_data
    grey = image.mode in ("1", "L", "LA", "La")
    mode = ("LA" if has_alpha else "L") if grey else ("RGBA" if has_alpha else "RGB")
    samples = np.asarray(image.convert(mode))
    return samples.reshape(*samples.shape[:2], -1)


def _split_alpha(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    if samples.shape[2] in (2, 4):
        return samples[:, :, :-1], samples[:, :, -1]
    return samples, None


def compose(luma: NDArray[Any], cb: NDArray[Any], cr: NDArray[Any]) -> NDArray[Any]:
    """Make RGB (height, width, 3) whose luma is the given one, at luma's depth.

    Chroma that would leave the RGB cube is scaled towards neutral, so that brightness stays.

    Args:
        luma: (height, width) uint8 or uint16, full range.
        cb: (height, width) float32 on 0..255, neutral 128.
        cr: likewise.
    """
    peak = float(np.iinfo(luma.dtype).max)
    light = luma.astype(np.float32)
    red = (cr.astype(np.float32) - 128) * np.float32(1.402 * peak / 255)
    blue = (cb.astype(np.float32) - 128) * np.float32(1.772 * peak / 255)
    green = -(_KR * red + _KB * blue) / (1 - _KR - _KB)
    offsets = np.stack([red, green.astype(np.float32), blue], axis=2)
    room = np.where(offsets > 0, peak - light[:, :, None], light[:, :, None])
    need = np.maximum(np.abs(offsets), 1e-6)
    scale = np.minimum(1, (room / need).min(axis=2))
    rgb = light[:, :, None] + offsets * scale[:, :, None]
    rounded: NDArray[Any] = np.rint(rgb).clip(0, peak).astype(luma.dtype)
    return rounded


def check_picture_output(path: Path) -> None:
    """Refuse an output name whose format cannot be written, before any work.

    Raises:
        OutputError: the suffix is unknown, the folder is missing, or its path is too long.
    """
    check_length(path)
    if path.suffix.lower() not in PICTURE_WRITERS:
        raise OutputError(
            f"{path.name} has no suffix of a picture format that can be written.",
            f"Use one of {', '.join(PICTURE_WRITERS)}.",
        )
    if not path.parent.is_dir():
        raise OutputError(f"The folder {path.parent} does not exist.", "Make it first.")


def write_picture(
    path: Path,
    picture: Picture,
    cb: NDArray[np.float32],
    cr: NDArray[np.float32],
    note: str | None = None,
) -> None:
    """Colour a picture and write it in the format of the name's suffix.

    16 bits are kept in PNG and TIFF, transparency in all but JPEG; JPEG is 4:4:4 at quality 95.

    Args:
        path: appears when it is complete.
        picture: from `read_picture`.
        cb: (height, width) on 0..255, neutral 128.
        cr: likewise.
        note: a line about this program, put where it hides nothing: in PNG's text fields,
            elsewhere in EXIF; None for none.

    Raises:
        OutputError: as `check_picture_output`, or writing fails.
    """
    path = Path(path)
    check_picture_output(path)
    kind = PICTURE_WRITERS[path.suffix.lower()]
    if note and kind != "PNG":
        picture = replace(picture, exif=noted(picture.exif, note))
    samples = compose(picture.luma, cb, cr)
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[:, :, None]], axis=2)
    with finished_file(path) as temporary:
        _write(temporary, kind, samples, picture, note)


def write_rgb(path: Path, rgb: NDArray[np.uint8], text: Mapping[str, str] | None = None) -> None:
    """Write a picture that was no file before, in the format of the name's suffix.

    Args:
        path: appears when it is complete.
        rgb: uint8 (height, width, 3).
        text: words by keyword, for PNG's text fields; other formats leave them out.

    Raises:
        OutputError: as `check_picture_output`, or writing fails.
    """
    check_picture_output(path)
    kind = PICTURE_WRITERS[path.suffix.lower()]
    options = _options(kind, Picture(rgb[:, :, 0]))
    if kind == "PNG":
        words = PIL.PngImagePlugin.PngInfo()
        for keyword, value in (text or {}).items():
            words.add_text(keyword, value)
        # Twice as fast as Pillow's default level, and a tenth larger.
        options |= {"pnginfo": words, "compress_level": 3}
    with finished_file(path) as temporary:
        PIL.Image.fromarray(rgb).save(temporary, kind, **options)


def _write(
    path: Path, kind: str, samples: NDArray[Any], picture: Picture, note: str | None
) -> None:
    if samples.dtype == np.uint16 and kind in ("PNG", "TIFF"):
        _write_deep(path, kind, samples, picture, note)
        return
    samples = narrowed(samples)
    if kind == "JPEG":
        samples = samples[:, :, :3]
    options = _options(kind, picture)
    if kind == "PNG" and (note or picture.xmp):
        options["pnginfo"] = words = PIL.PngImagePlugin.PngInfo()
        if note:
            words.add_text(PNG_KEYWORD, note)
        if picture.xmp:  # Pillow leaves it out of PNG by itself
            words.add_itxt("XML:com.adobe.xmp", picture.xmp)
    PIL.Image.fromarray(np.ascontiguousarray(samples)).save(path, kind, **options)


def narrowed(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Samples of 16 bits rounded to 8, white to white."""
    if samples.dtype == np.uint8:
        return samples
    return ((samples.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _options(kind: str, picture: Picture) -> dict[str, Any]:
    options: dict[str, Any] = {
        "icc_profile": picture.icc_profile,
        "exif": picture.exif,
        "xmp": picture.xmp,
        "dpi": picture.dpi,
    }
    options = {name: value for name, value in options.items() if value is not None}
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
    elif kind == "WEBP":
        options |= {"quality": 95, "method": 4, "exact": True}
        options.pop("dpi", None)
    elif kind == "TIFF":
        options["compression"] = "tiff_lzw"
        if picture.exif:
            options["exif"] = raw_fields(picture.exif)
        options.pop("xmp", None)
    return options


def _write_deep(
    path: Path, kind: str, samples: NDArray[Any], picture: Picture, note: str | None
) -> None:
    if kind == "TIFF":
        said = texts(picture.exif) if note and picture.exif else {}
        tiff = deep_tiff(samples, picture.icc_profile, picture.xmp, picture.dpi, said)
        path.write_bytes(tiff)
        return
    order = [2, 1, 0, 3][: samples.shape[2]]
    done, data = cv2.imencode(".png", np.ascontiguousarray(samples[:, :, order]))
    if not done:
        raise OSError("OpenCV could not encode a PNG")
    words = {PNG_KEYWORD: note} if note else {}
    png = with_metadata(
        data.tobytes(), picture.icc_profile, picture.exif, picture.xmp, picture.dpi, words
    )
    path.write_bytes(png)
