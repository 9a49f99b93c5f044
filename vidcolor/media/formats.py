"""Which pixel format a film is encoded in: its own, or the nearest that takes nothing from it."""

from __future__ import annotations

from dataclasses import replace

import av

from vidcolor.errors import UsageError
from vidcolor.media.clip import ClipInfo, EncoderSettings
from vidcolor.media.planes import format_traits

_FULL_RANGE = {"mjpeg": True} | dict.fromkeys(
    ("prores", "prores_ks", "prores_aw", "libvpx", "mpeg2video", "mpeg4"), False
)
"""The one range that an encoder's films have, whatever they are told."""
_SAMPLE = 16


def planar_formats(codec: str) -> tuple[str, ...]:
    """The formats of luma and two planes of chroma that an encoder takes; () if it says none."""
    formats = av.codec.Codec(codec, "w").video_formats or ()
    names = [f.name for f in formats if format_traits(f.name).working == f.name]
    if codec.endswith("_nvenc"):
        # Of 16 bits NVENC keeps 10, and of 10 it takes no planes.
        names = [name for name in names if format_traits(name).depth == 8]
    return tuple(names)


def holds(pixel_format: str, working: str) -> bool:
    """Whether a format has as many bits as another and as much chroma, in both directions."""
    pairs = zip(_measures(pixel_format), _measures(working), strict=True)
    return all(here >= there for here, there in pairs)


def _measures(name: str) -> tuple[int, int, int]:
    """Bits of a sample, chroma samples across and down."""
    fmt = av.VideoFormat(name, _SAMPLE, _SAMPLE)
    return format_traits(name).depth, fmt.chroma_width(_SAMPLE), fmt.chroma_height(_SAMPLE)


def _effort(name: str) -> tuple[int, int]:
    depth, across, down = _measures(name)
    return across * down, depth


def formats_holding(codec: str, working: str) -> tuple[str, ...]:
    """The formats of an encoder that hold a working format, the nearest first."""
    return tuple(sorted((f for f in planar_formats(codec) if holds(f, working)), key=_effort))


def encoded_format(codec: str, working: str, wanted: str | None = None) -> str | None:
    """The format that an encoder is to get.

    Args:
        codec: FFmpeg's name of the encoder.
        working: the film's own format.
        wanted: what the user asked for, None for the nearest to the film's own.

    Returns:
        None if the encoder takes no such format.
    """
    if not av.codec.Codec(codec, "w").video_formats:
        return wanted or working
    fitting = formats_holding(codec, working)
    if wanted is not None:
        return wanted if wanted in fitting else None
    return fitting[0] if fitting else None


def checked_format(name: str, working: str) -> str:
    """FFmpeg's name of a format that a user asks for.

    Raises:
        UsageError: there is none of this name, it has no three planes, or takes something away.
    """
    try:
        found = av.VideoFormat(name, _SAMPLE, _SAMPLE).name
    except ValueError as error:
        raise UsageError(
            f"There is no pixel format {name}.", "Give one such as yuv422p10le."
        ) from error
    if format_traits(found).working != found:
        raise UsageError(
            f"{name} has not one plane of luma and two of chroma, as films are encoded here.",
            f"Give {working}, or one that holds more, such as yuv444p16le.",
        )
    if not holds(found, working):
        raise UsageError(
            f"{name} has fewer bits or less chroma than the film's {working}.",
            f"Give {working}, or one that holds more, such as yuv444p16le.",
        )
    return found


def as_encoded(clip: ClipInfo, codec: str, pixel_format: str) -> ClipInfo:
    """A clip as its encoder gets it: of another format, and of the range that the codec has."""
    return replace(
        clip,
        working_format=pixel_format,
        depth=format_traits(pixel_format).depth,
        full_range=_FULL_RANGE.get(codec, clip.full_range),
    )


def raising_note(clip: ClipInfo, settings: EncoderSettings) -> tuple[str, ...]:
    """A sentence on frames that are encoded in another format or range than their own."""
    made = as_encoded(clip, settings.codec, settings.pixel_format)
    if settings.pictures or (made.working_format, made.full_range) == (
        clip.working_format,
        clip.full_range,
    ):
        return ()
    before, after = clip.working_format, made.working_format
    if made.full_range == clip.full_range:
        return (
            f"Frames are {before} and become {after} for {settings.codec}, with the same luma.",
        )
    words = "full", "limited"
    cut = "; what is darker than black or brighter than white is cut off" * made.full_range
    return (
        f"Frames are {before} of {words[not clip.full_range]} range and become {after} of"
        f" {words[clip.full_range]} range for {settings.codec}, which has no other: luma looks"
        f" the same, in other numbers{cut}.",
    )
