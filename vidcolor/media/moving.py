"""Whether a picture file holds one picture or moving ones, told by its content."""

from __future__ import annotations

from pathlib import Path

import PIL.Image

from vidcolor.media.quiet import quiet

HEIC_BRANDS = frozenset({"heic", "heix", "heim", "heis", "mif1", "mif2"})
"""What a HEIC or HEIF still calls itself."""
SEQUENCE_BRANDS = frozenset({"avis", "hevc", "hevx", "hevm", "hevs", "msf1"})
"""What AVIF and HEIF call themselves where a film lies beside the still."""
_MOVING = {"GIF", "PNG", "WEBP", "FLI"}
"""Picture formats whose further frames are an animation, not pages or another exposure."""
_MOTION_JPEG = {".mjpeg", ".mjpg"}
"""Films that are nothing but JPEGs, one behind the other, as are photographs with a preview."""
_FILM = "MPEG"
"""Pillow knows it, and reads none."""
_UNREADABLE = (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError)


@quiet()
def is_still(path: Path) -> bool:
    """Whether a file is known as one picture, and not as an animation."""
    brand = brand_of(path)
    if brand in HEIC_BRANDS | SEQUENCE_BRANDS:
        return brand in HEIC_BRANDS
    try:
        with PIL.Image.open(path) as image:
            return image.format != _FILM and not _moves(image, path)
    except _UNREADABLE:
        return False


@quiet()
def is_animation(path: Path) -> bool:
    """Whether a file is known as moving pictures."""
    if brand_of(path) in SEQUENCE_BRANDS:
        return True
    try:
        with PIL.Image.open(path) as image:
            return _moves(image, path)
    except _UNREADABLE:
        return False


def is_moving_webp(path: Path) -> bool:
    """Whether a file is an animated WebP."""
    head = _head(path, 21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)


def brand_of(path: Path) -> str:
    """The major brand of an MP4, HEIF or AVIF file; "" of others."""
    head = _head(path, 12)
    return head[8:12].decode("latin-1") if head[4:8] == b"ftyp" else ""


def _moves(image: PIL.Image.Image, path: Path) -> bool:
    if image.format == "JPEG":
        return path.suffix.lower() in _MOTION_JPEG
    return image.format in _MOVING and getattr(image, "n_frames", 1) > 1


def _head(path: Path, length: int) -> bytes:
    """A file's first bytes; none where it may not be read, which is said when it is opened."""
    try:
        with path.open("rb") as stream:
            head = stream.read(length)
    except OSError:
        return b""
    return head if len(head) == length else b""
