"""One small scene as every kind of TIFF: by tifffile, by Pillow, and byte by byte."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import tifffile

from tests.scenes import scene

Samples = np.ndarray
ORIENTATION = 274


def small() -> Samples:
    """Luma uint8 (48, 64) of 0 to 255."""
    grey = cv2.resize(scene(), (64, 48), interpolation=cv2.INTER_AREA).astype(float)
    return np.rint((grey - grey.min()) / np.ptp(grey) * 255).astype(np.uint8)


def stored(upright: Samples, orientation: int) -> Samples:
    """How a picture lies in a file that has this orientation: TIFF 6.0's table, by hand.

    The first row of a file is the picture's top (1, 2), bottom (3, 4), left (5, 8) or right (6, 7)
    side; its first column the left (1, 4), right (2, 3), top (5, 6) or bottom (7, 8) side.
    """
    lying = upright.swapaxes(0, 1) if orientation >= 5 else upright
    if orientation in (3, 4, 6, 7):
        lying = lying[::-1]
    if orientation in (2, 3, 7, 8):
        lying = lying[:, ::-1]
    return np.ascontiguousarray(lying)


def raw_tiff(
    path: Path, shape: tuple[int, int], data: bytes, tags: Mapping[int, tuple[int, ...]]
) -> None:
    """A TIFF of one strip, low byte first; tags are of shorts."""
    height, width = shape
    every = {256: (width,), 257: (height,), 259: (1,), 273: (8,), 278: (height,), **tags}
    every[279] = (len(data),)
    body = struct.pack("<2sHL", b"II", 42, 8 + len(data) + len(data) % 2) + data
    body += b"\0" * (len(data) % 2)
    place = len(body) + 2 + 12 * len(every) + 4
    entries, more = b"", b""
    for tag in sorted(every):
        values = every[tag]
        kind, code = (4, "L") if tag == 279 else (3, "H")
        packed = struct.pack(f"<{len(values)}{code}", *values)
        if len(packed) > 4:
            entries += struct.pack("<HHLL", tag, kind, len(values), place + len(more))
            more += packed + b"\0" * (len(packed) % 2)
        else:
            entries += struct.pack("<HHL", tag, kind, len(values)) + packed.ljust(4, b"\0")
    path.write_bytes(body + struct.pack("<H", len(every)) + entries + bytes(4) + more)


def packed(codes: Samples, bits: int) -> bytes:
    """Numbers bit after bit, the highest first, each row begun at a byte."""
    rows = codes.reshape(len(codes), -1).astype(np.uint32)
    if bits == 16:
        return rows.astype("<u2").tobytes()
    each = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(each.reshape(len(rows), -1).astype(np.uint8), axis=1).tobytes()


Maker = Callable[[Path, Samples, int], object]


@dataclass(frozen=True)
class Kind:
    """A kind of TIFF.

    Attributes:
        make: writes a picture, uint8 as it lies in the file, with an orientation.
        depth: bits of what comes of it.
        off: how far luma may be from the scene's, of 255.
    """

    make: Maker
    depth: int = 8
    off: float = 1.0


def by_tifffile(change: Callable[[Samples], Samples], **options: Any) -> Maker:
    def write(path: Path, grey: Samples, orientation: int) -> None:
        tag = (ORIENTATION, 3, 1, orientation, True)
        given = {"photometric": "minisblack", **options}
        tifffile.imwrite(path, change(grey), **given, extratags=[tag], metadata=None)

    return write


def by_pillow(mode: str, **options: Any) -> Maker:
    def write(path: Path, grey: Samples, orientation: int) -> None:
        image = PIL.Image.fromarray(grey).convert(mode)
        image.save(path, tiffinfo={ORIENTATION: orientation}, **options)

    return write


def by_hand(codes: Callable[[Samples], Samples], bits: int, photometric: int) -> Maker:
    def write(path: Path, grey: Samples, orientation: int) -> None:
        numbers = codes(grey)
        samples = numbers.shape[2] if numbers.ndim == 3 else 1
        tags = {258: (bits,) * samples, 262: (photometric,), 277: (samples,), 284: (1,)}
        raw_tiff(path, grey.shape, packed(numbers, bits), {**tags, ORIENTATION: (orientation,)})

    return write


def opencv_lzw(change: Callable[[Samples], Samples]) -> Maker:
    """LZW with a predictor, as OpenCV writes it; its orientation is put in afterwards."""

    def write(path: Path, grey: Samples, orientation: int) -> None:
        cv2.imwrite(str(path), change(grey), [cv2.IMWRITE_TIFF_COMPRESSION, 5])
        turn(path, orientation)

    return write


def turn(path: Path, orientation: int) -> None:
    """Set the orientation of a TIFF that has none, by an own first directory at its end."""
    data = bytearray(path.read_bytes())
    (place,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, place)
    entries = [bytes(data[place + 2 + 12 * i : place + 14 + 12 * i]) for i in range(count)]
    entries = [one for one in entries if struct.unpack("<H", one[:2])[0] != ORIENTATION]
    entries.append(struct.pack("<HHLL", ORIENTATION, 3, 1, orientation))
    entries.sort(key=lambda one: struct.unpack("<H", one[:2])[0])
    struct.pack_into("<L", data, 4, len(data))
    path.write_bytes(data + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))


def deep(grey: Samples) -> Samples:
    return grey.astype(np.uint16) * 257


def rgb(grey: Samples) -> Samples:
    return np.dstack([grey] * 3)


def planes(grey: Samples) -> Samples:
    return np.stack([grey] * 3)


def with_alpha(grey: Samples, colors: int = 3, peak: int = 255) -> Samples:
    return np.dstack([grey] * colors + [np.full_like(grey, peak)])


def premultiplied(grey: Samples) -> Samples:
    """Half transparent on the right, colour multiplied by it."""
    alpha = np.full(grey.shape, 65535.0)
    alpha[:, grey.shape[1] // 2 :] = 40000
    color = np.rint(deep(grey) * alpha / 65535)
    return np.dstack([color] * 3 + [alpha]).astype(np.uint16)


def ink(grey: Samples) -> Samples:
    nothing = np.zeros_like(grey)
    peak = np.iinfo(grey.dtype).max
    return np.dstack([nothing, nothing, nothing, peak - grey])


def palette(grey: Samples, bits: int) -> Maker:
    """Indexed colour whose palette runs backwards."""

    def write(path: Path, lying: Samples, orientation: int) -> None:
        most = (1 << bits) - 1
        codes = most - np.rint(lying / 255 * most).astype(int)
        ramp = tuple(int(v) for v in np.rint(np.arange(most, -1, -1) / most * 255) * 257)
        tags = {258: (bits,), 262: (3,), 277: (1,), 320: ramp * 3, ORIENTATION: (orientation,)}
        raw_tiff(path, lying.shape, packed(codes, bits), tags)

    return write


def cie_lab(grey: Samples, bits: int) -> Samples:
    """CIE L*a*b* of sRGB greys, CIE 15 and IEC 61966-2-1 by hand."""
    signal = grey / 255
    light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    cube = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
    lightness = (116 * cube - 16) / 100
    return np.dstack([np.rint(lightness * ((1 << bits) - 1)), grey * 0, grey * 0]).astype(int)


def jpeg_inside(mode: str) -> Maker:
    return by_pillow(mode, compression="jpeg", quality=95)


def ycbcr(path: Path, grey: Samples, orientation: int) -> None:
    """Y'CbCr without compression, one sample of chroma for two by two of luma."""
    height, width = grey.shape
    blocks = grey.reshape(height // 2, 2, width // 2, 2).transpose(0, 2, 1, 3)
    units = np.full((height // 2, width // 2, 6), 128, np.uint8)
    units[:, :, :4] = blocks.reshape(height // 2, width // 2, 4)
    tags = {258: (8, 8, 8), 262: (6,), 277: (3,), 530: (2, 2), ORIENTATION: (orientation,)}
    raw_tiff(path, grey.shape, units.tobytes(), tags)


def fax(compression: str) -> Maker:
    return by_pillow("1", compression=compression)


KINDS: dict[str, Kind] = {
    "grey8": Kind(by_tifffile(lambda g: g)),
    "grey8_pillow": Kind(by_pillow("L")),
    "white_is_zero8": Kind(by_tifffile(lambda g: 255 - g, photometric="miniswhite")),
    "white_is_zero16": Kind(by_tifffile(lambda g: 65535 - deep(g), photometric="miniswhite"), 16),
    "grey16": Kind(by_tifffile(deep), 16),
    "grey16_big_endian": Kind(by_tifffile(deep, byteorder=">"), 16),
    "grey16_bigtiff": Kind(by_tifffile(deep, bigtiff=True), 16),
    "grey16_big_endian_bigtiff": Kind(by_tifffile(deep, bigtiff=True, byteorder=">"), 16),
    "grey16_tiled": Kind(by_tifffile(deep, tile=(32, 32)), 16),
    "grey16_tiled_large": Kind(by_tifffile(deep, tile=(128, 128), compression="zlib"), 16),
    "grey16_deflate_predictor": Kind(by_tifffile(deep, compression="zlib", predictor=2), 16),
    "grey16_strips": Kind(by_tifffile(deep, compression="zlib", rowsperstrip=7), 16),
    "grey8_lzw": Kind(by_pillow("L", compression="tiff_lzw")),
    "grey16_lzw": Kind(opencv_lzw(deep), 16),
    "rgb16_lzw": Kind(opencv_lzw(lambda g: rgb(deep(g))), 16),
    "float_lzw": Kind(opencv_lzw(lambda g: (g / 255).astype(np.float32)), 16),
    "grey8_packbits": Kind(by_pillow("L", compression="packbits")),
    "grey8_lzma": Kind(by_tifffile(lambda g: g, compression="lzma")),
    "rgb8": Kind(by_tifffile(rgb, photometric="rgb")),
    "rgb8_planar": Kind(by_tifffile(planes, photometric="rgb", planarconfig="separate")),
    "rgb16": Kind(by_tifffile(lambda g: rgb(deep(g)), photometric="rgb"), 16),
    "rgb16_planar": Kind(
        by_tifffile(lambda g: planes(deep(g)), photometric="rgb", planarconfig="separate"), 16
    ),
    "rgb16_planar_tiled": Kind(
        by_tifffile(
            lambda g: planes(deep(g)),
            photometric="rgb",
            planarconfig="separate",
            tile=(32, 32),
            compression="zlib",
            predictor=2,
        ),
        16,
    ),
    "rgba8": Kind(by_tifffile(with_alpha, photometric="rgb", extrasamples=["unassalpha"])),
    "rgba16_associated": Kind(
        by_tifffile(premultiplied, photometric="rgb", extrasamples=["assocalpha"]), 16
    ),
    "grey_alpha8": Kind(
        by_tifffile(lambda g: with_alpha(g, 1), planarconfig="contig", extrasamples=["unassalpha"])
    ),
    "grey_alpha16": Kind(
        by_tifffile(
            lambda g: with_alpha(deep(g), 1, 65535),
            planarconfig="contig",
            extrasamples=["unassalpha"],
        ),
        16,
    ),
    "cmyk8": Kind(by_tifffile(ink, photometric="separated")),
    "cmyk8_pillow": Kind(by_pillow("CMYK")),
    "cmyk16": Kind(by_tifffile(lambda g: ink(deep(g)), photometric="separated"), 16),
    "palette8": Kind(palette(small(), 8)),
    "palette4": Kind(palette(small(), 4), off=8.6),
    "two_bits": Kind(by_hand(lambda g: np.rint(g / 85), 2, 1), off=43),
    "four_bits": Kind(by_hand(lambda g: np.rint(g / 17), 4, 1), off=9),
    "four_bits_white_is_zero": Kind(by_hand(lambda g: 15 - np.rint(g / 17), 4, 0), off=9),
    "ten_bits": Kind(by_hand(lambda g: np.rint(g / 255 * 1023), 10, 1), 16),
    "twelve_bits": Kind(by_hand(lambda g: np.rint(g / 255 * 4095), 12, 1), 16),
    "twelve_bits_rgb": Kind(by_hand(lambda g: rgb(np.rint(g / 255 * 4095)), 12, 2), 16),
    "fourteen_bits": Kind(by_hand(lambda g: np.rint(g / 255 * 16383), 14, 1), 16),
    "cie_lab8": Kind(by_hand(lambda g: cie_lab(g, 8), 8, 8), off=2),
    "cie_lab16": Kind(by_hand(lambda g: cie_lab(g, 16), 16, 8), 16),
    "float16": Kind(by_tifffile(lambda g: (g / 255).astype(np.float16)), 16),
    "float32": Kind(by_tifffile(lambda g: (g / 255).astype(np.float32)), 16),
    "float32_codes": Kind(by_tifffile(lambda g: g.astype(np.float32)), 16),
    "float32_predictor": Kind(
        by_tifffile(lambda g: (g / 255).astype(np.float32), compression="zlib"), 16
    ),
    "float64": Kind(by_tifffile(lambda g: g / 255), 16),
    "signed8": Kind(by_tifffile(lambda g: (g.astype(int) - 128).astype(np.int8))),
    "signed16": Kind(by_tifffile(lambda g: (deep(g) // 2).astype(np.int16)), 16),
    "signed16_whole": Kind(by_tifffile(lambda g: (deep(g) - 32768).view(np.int16)), 16),
    "unsigned32": Kind(by_tifffile(lambda g: g.astype(np.uint32) * 0x01010101), 16),
    "signed32_codes": Kind(by_tifffile(lambda g: deep(g).astype(np.int32)), 16),
    "jpeg_grey": Kind(jpeg_inside("L"), off=12),
    "jpeg_rgb": Kind(jpeg_inside("RGB"), off=12),
    "ycbcr": Kind(ycbcr),
}


def fax_of(path: Path) -> np.ndarray:
    """What Pillow shows of a file of black and white."""
    with PIL.Image.open(io.BytesIO(path.read_bytes())) as image:
        return np.asarray(image.convert("L"))
