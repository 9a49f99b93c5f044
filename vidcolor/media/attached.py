"""What a picture's file says besides its samples: profile, EXIF, captions, words, resolution.

Fields: TIFF 6.0, section 8; Exif 2.32, 4.6; IPTC in Photoshop's resources: Adobe's Photoshop File
Formats; ImageMagick's text fields of PNG for IPTC.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import PIL.Image

from vidcolor.media.note import DESCRIPTION, with_raw_text

ORIENTATION = 0x0112
EXIF_FOLDER, GPS_FOLDER = 0x8769, 0x8825
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
IPTC_RESOURCE = 0x0404
_PIXEL_WIDTH, _PIXEL_HEIGHT = 0xA002, 0xA003
_STRUCTURE = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 280, 281, 284),
    *(286, 287, 288, 289, 290, 291, 292, 293, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324),
    *(325, 326, 327, 328, 330, 332, 333, 334, 336, 337, 338, 339, 340, 341, 342, 343, 344, 345),
    *(346, 347, 351, 400, 401, 402, 403, 404, 433, 434, 435, 512, 513, 514, 515, 517, 518, 519),
    *(520, 521, 529, 530, 531, 532, 559, 700, 33723, 34377, 34675, 37724),
}
"""Fields of TIFF on how samples are stored, and what has a place of its own here."""
_PRIVATE = 32768
_KEPT_PRIVATE = {33432, EXIF_FOLDER, GPS_FOLDER, *range(40091, 40096)}
_OF_PROGRAMS = re.compile(r'\s*(\{"shape":|ImageJ=|<\?xml[^>]*>\s*(<!--.*?-->\s*)?<OME)', re.S)
"""Descriptions that say how samples lie, which no longer holds."""


@dataclass(frozen=True)
class Attached:
    """What is kept of a picture besides its samples.

    Attributes:
        icc_profile: bytes, or None.
        exif: EXIF without anything on how samples are stored, its orientation 1, or None.
        xmp: bytes, or None.
        iptc: records of IPTC-IIM, or None.
        comment: of JPEG or GIF, or None.
        words: of PNG's text fields, by keyword.
        dpi: horizontal and vertical, or None.
    """

    icc_profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    comment: bytes | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None


def attached_to(image: PIL.Image.Image) -> tuple[Attached, tuple[str, ...]]:
    """What Pillow found in a file other than TIFF, as it lies there, and what to say of it."""
    info = image.info
    dpi = info.get("dpi")
    text = {str(key): str(value) for key, value in getattr(image, "text", {}).items()}
    raw = {key: value for key, value in text.items() if key.startswith("Raw profile type")}
    words = {key: value for key, value in text.items() if key not in {*raw, "XML:com.adobe.xmp"}}
    comment = info.get("comment")
    resources = info.get("photoshop") or _resources(image)
    exif, notes = kept_exif(image.getexif, from_tiff=False)
    attached = Attached(
        icc_profile=info.get("icc_profile") or None,
        exif=exif,
        xmp=_bytes(info.get("xmp") or resources.get(0x0424)),
        iptc=resources.get(IPTC_RESOURCE) or _iptc_of_text(raw.get("Raw profile type iptc", "")),
        comment=_bytes(comment) if comment else None,
        words=words,
        dpi=(float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None,
    )
    return attached, notes


def _bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value or None


def _resources(image: PIL.Image.Image) -> dict[int, bytes]:
    """Photoshop's own, of a PSD."""
    return {number: data for number, _, data in getattr(image, "resources", [])}


def kept_exif(
    load: Callable[[], PIL.Image.Exif], from_tiff: bool
) -> tuple[bytes | None, tuple[str, ...]]:
    """EXIF of what the photograph is, without what its file was, and what to say of it.

    Args:
        load: reads it.
        from_tiff: whether it is all fields of a TIFF, whose private ones are about its samples.

    Returns:
        None where nothing is left.
    """
    try:
        return _cleaned(load(), from_tiff), ()
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error):
        return None, ("its EXIF is damaged, and is left out",)


def _cleaned(fields: PIL.Image.Exif, from_tiff: bool) -> bytes | None:
    for tag in list(fields):
        private = from_tiff and tag >= _PRIVATE and tag not in _KEPT_PRIVATE
        if tag in _STRUCTURE or private:
            del fields[tag]
    description = fields.get(DESCRIPTION)
    if isinstance(description, str) and _OF_PROGRAMS.match(description):
        del fields[DESCRIPTION]
    if not len(fields):
        return None
    if ORIENTATION in fields:
        fields[ORIENTATION] = 1
    return with_raw_text(fields).tobytes()


def turned(attached: Attached, orientation: int, size: tuple[int, int]) -> Attached:
    """The same of a picture that was turned upright.

    Args:
        attached: as the file has it.
        orientation: 1 to 8, that the file asked for.
        size: (height, width) upright.
    """
    exif = attached.exif and _sized(attached.exif, size)
    xmp = attached.xmp and re.sub(
        rb"(tiff:Orientation(?:=[\"']|>\s*))[2-8]", rb"\g<1>1", attached.xmp
    )
    dpi = attached.dpi
    if dpi and orientation >= 5:
        dpi = dpi[1], dpi[0]
    return replace(attached, exif=exif, xmp=xmp, dpi=dpi)


def _sized(exif: bytes, size: tuple[int, int]) -> bytes:
    fields = PIL.Image.Exif()
    fields.load(exif)
    folder = fields.get_ifd(EXIF_FOLDER)
    if (folder.get(_PIXEL_HEIGHT), folder.get(_PIXEL_WIDTH)) in (size, (None, None)):
        return exif
    folder[_PIXEL_HEIGHT], folder[_PIXEL_WIDTH] = size
    return with_raw_text(fields).tobytes()


def _iptc_of_text(text: str) -> bytes | None:
    """IPTC as ImageMagick and exiftool write it into PNG: name, length, hexadecimal digits."""
    parts = text.split()
    try:
        data = bytes.fromhex("".join(parts[2:]))
    except ValueError:
        return None
    return iptc_in(data) if data.startswith(b"8BIM") else data or None


def text_of_iptc(iptc: bytes) -> str:
    """The same, to be written."""
    data = as_resource(iptc)
    digits = data.hex()
    lines = [digits[place : place + 72] for place in range(0, len(digits), 72)]
    return "\niptc\n" + f"{len(data):8d}\n" + "\n".join(lines) + "\n"


def as_resource(iptc: bytes) -> bytes:
    """IPTC as one of Photoshop's resources."""
    head = struct.pack(">4sH2sL", b"8BIM", IPTC_RESOURCE, b"\0\0", len(iptc))
    return head + iptc + b"\0" * (len(iptc) % 2)


def iptc_in(resources: bytes) -> bytes | None:
    """IPTC among Photoshop's resources; None where there is none."""
    place = 0
    while resources[place : place + 4] == b"8BIM" and place + 12 <= len(resources):
        number = int.from_bytes(resources[place + 4 : place + 6], "big")
        place += 6 + (resources[place + 6] // 2 + 1) * 2
        size = int.from_bytes(resources[place : place + 4], "big")
        place += 4
        if number == IPTC_RESOURCE:
            return resources[place : place + size] or None
        place += size + size % 2
    return None
