"""Opening a source and letting frames fall out of it, whatever is wrong with it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from vidcolor.errors import InputError
from vidcolor.files import special_kind
from vidcolor.media.moving import is_moving_webp
from vidcolor.media.webp import webp_film

# Formats that FFmpeg opens as video or that point at other files: text, script art, playlists.
_NOT_FILM = {"tty", "bin", "xbin", "adf", "idf", "hls", "concat", "dash", "txd", "ffmetadata"}

_TRANSPORT = {".ts", ".m2t", ".m2ts", ".mts", ".tp", ".trp", ".tod"}

OLD_WORDS = "cp1252"
"""How text tags are read that are not UTF-8."""


def media_url(path: Path) -> str:
    """Name a file so that FFmpeg never takes a colon in it for a protocol."""
    return f"file:{path}"


def open_source(path: Path) -> InputContainer:
    """Open a file for reading.

    Raises:
        InputError: it is missing, no file, empty, not to be read, or no media.
    """
    check_file(path)
    try:
        file = webp_film(path) if is_moving_webp(path) else media_url(path)
        container = _as_transport(path) or _with_words(file)
    except PermissionError as error:
        raise unreadable(path) from error
    except (av.error.FFmpegError, OSError, SyntaxError, ValueError) as error:
        raise InputError(
            f"{path} is not a media file, or is damaged beyond use.",
            "Check that it plays, or get another copy.",
        ) from error
    if container.format.name in _NOT_FILM:
        container.close()
        raise InputError(f"{path} is text or a list, not a film.", "Give a video file.")
    return container


def _as_transport(path: Path) -> InputContainer | None:
    """A transport stream as one, by its name: junk between packets can hide it from FFmpeg."""
    if path.suffix.lower() not in _TRANSPORT:
        return None
    try:
        container = _with_words(media_url(path), "mpegts")
    except (av.error.FFmpegError, OSError):
        return None
    if container.streams.video:
        return container
    container.close()
    return None


def _with_words(file: Any, form: str | None = None) -> InputContainer:
    """Open a file whose tags may be in an encoding of old: UTF-8 has rules that others break."""
    container: InputContainer
    try:
        container = av.open(file, "r", form, metadata_errors="strict")
        container.chapters()  # the only ones that are not read at once
    except UnicodeDecodeError:
        if hasattr(file, "seek"):
            file.seek(0)
        container = av.open(file, "r", form, metadata_encoding=OLD_WORDS, metadata_errors="replace")
    return container


def check_file(path: Path) -> None:
    """Refuse what is no file to be read, without opening it: a pipe may never end, or never begin.

    Raises:
        InputError: it is missing, a link to nothing, a folder, pipe, device or socket, or empty.
    """
    try:
        status = path.stat()
    except PermissionError as error:
        raise unreadable(path) from error
    except OSError as error:
        raise _missing(path) from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path} is a folder.", "Give a file.")
    if kind := special_kind(status.st_mode):
        is_pipe = stat.S_ISFIFO(status.st_mode)
        raise InputError(
            f"{path} is {kind}, not a file.",
            "Write the film or photograph to a file first, and give that"
            + ("; `vidcolor colorize - OUTPUT` reads standard input." if is_pipe else "."),
        )
    if status.st_size == 0:
        raise InputError(f"{path} is empty (0 bytes).", "Get another copy.")


def _missing(path: Path) -> InputError:
    if str(path) == "-":
        return InputError(
            "Only `vidcolor colorize` reads standard input.",
            "Write the film or photograph to a file first, and give that.",
        )
    if os.path.islink(path):  # noqa: PTH114 - Path's own raises where the name is too long
        return InputError(
            f"{path} is a link to {path.readlink()}, which leads nowhere.",
            "Put its target back, or give the file itself.",
        )
    return InputError(f"{path} does not exist.", "Check the name.")


def unreadable(path: Path) -> InputError:
    """The error where a file's permissions are in the way."""
    return InputError(f"{path} may not be read.", "Change its permissions, or copy it.")


def is_single(container: InputContainer) -> bool:
    """Whether FFmpeg takes a file for a picture."""
    name = container.format.name
    return name.endswith("_pipe") or name in ("image2", "jpegxl_anim")


def is_cover(stream: Any) -> bool:
    """Whether a stream is an attached picture."""
    return bool(stream.disposition & Disposition.attached_pic)


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decode from where the container stands to its end, passing over damaged packets.

    `container.decode()` would die of the first one. The decoder is drained at the end.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            return  # the file ends in rubble; what came before counts
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        yield from frames
