"""How films and pictures are named: the one list of suffixes, for all rooms.

A suffix only says what is worth opening; what a file is, its content says.
"""

from __future__ import annotations

import codecs
from pathlib import Path

CONTAINERS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".nut")
"""Films that are written."""
FILMS = frozenset(
    {
        *CONTAINERS,
        *(".qt", ".mp4v", ".f4v", ".3gp", ".3gpp", ".3g2", ".3gp2", ".mj2", ".ismv", ".mk3d"),
        *(".divx", ".xvid", ".amv", ".asf", ".wmv", ".dvr-ms", ".wtv", ".flv", ".ogv", ".ogm"),
        *(".rm", ".rmvb", ".nuv", ".nsv", ".viv", ".ivf", ".mxf", ".gxf", ".lxf", ".dav"),
        *(".mpg", ".mpeg", ".mpe", ".mpv", ".m1v", ".m2v", ".m2p", ".mod", ".vob", ".vro", ".evo"),
        *(".dat", ".ts", ".m2t", ".m2ts", ".mts", ".tp", ".trp", ".tod", ".dv", ".cine", ".y4m"),
        *(".h261", ".h263", ".h264", ".264", ".avc", ".h265", ".265", ".hevc", ".h266", ".vvc"),
        *(".vc1", ".obu", ".mjpeg", ".mjpg", ".apng"),
    }
)
"""Films that are read."""

PICTURE_WRITERS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Pictures that are written, with Pillow's name of the format."""
PICTURES = frozenset(
    {
        *PICTURE_WRITERS,
        *(".gif", ".bmp", ".dib", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm", ".tga", ".pcx", ".sgi"),
        *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".mpo", ".psd", ".qoi", ".dpx", ".exr"),
        *(".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif", ".jxl"),
    }
)
"""Pictures that are read."""
MAY_MOVE = frozenset(
    {".png", ".webp", ".gif", ".avif", ".avifs", ".heif", ".heifs", ".heics", ".heic"}
)
"""Pictures whose format also holds moving ones."""

_ALSO_TEXT = {".ts", ".mts"}
_ALSO_MUSIC_OR_DATA = {".mod", ".dat"}
_MPEG, _VIDEO_CD = b"\0\0\1", b"CDXA"
_SYNC, _PACKET = b"G", 188
_LOOKED_AT = 1024


def may_be_film(path: Path) -> bool:
    """Whether a file is worth opening as a film, by its name.

    Where programs (.ts, .mts), music (.mod) or any data (.dat) are named so too, its first bytes
    are looked at.
    """
    suffix = path.suffix.lower()
    if suffix in _ALSO_TEXT:
        return not _is_text(_head(path))
    if suffix in _ALSO_MUSIC_OR_DATA:
        return _is_mpeg(_head(path))
    return suffix in FILMS


def may_be_picture(path: Path) -> bool:
    """Whether a file is worth opening as a picture, by its name."""
    return path.suffix.lower() in PICTURES


def _head(path: Path) -> bytes:
    """A file's first bytes; none where it may not be read, which is then said when it is opened."""
    try:
        with path.open("rb") as stream:
            return stream.read(_LOOKED_AT)
    except OSError:
        return b""


def _is_text(head: bytes) -> bool:
    """Whether a file that is not empty begins as text does: UTF-8 without a 0."""
    try:
        words = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(words) and "\0" not in words


def _is_mpeg(head: bytes) -> bool:
    """Whether a file begins as a program stream, a transport stream or a Video CD's track does."""
    transport = head[:1] == head[_PACKET : _PACKET + 1] == _SYNC
    return transport or head.startswith(_MPEG) or head[8:12] == _VIDEO_CD
