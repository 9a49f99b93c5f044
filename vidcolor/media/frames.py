"""A sequence of pictures as a clip: looked at before any work, then read picture by picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from vidcolor.errors import InputError
from vidcolor.media.clip import UNSPECIFIED, ClipInfo, Frame, Plane
from vidcolor.media.frame_picture import FramePicture, Header, read_frame_picture, read_header
from vidcolor.media.planes import format_traits
from vidcolor.media.probe import probe
from vidcolor.media.sequence import PictureSequence, check_rate, sequence_of

DEFAULT_RATE = Fraction(24)
_BT601 = 6
_NAMED = 5
"""How many missing numbers a sentence names."""


@dataclass(frozen=True)
class Reading:
    """How a source is to be taken, where a person says it.

    Attributes:
        rate: frames a second of a sequence; None takes what its DPX header says, else 24.
        stream: index of a file's film, None for the likeliest.
        fits: whether pictures of another size or format are brought to the first's.
    """

    rate: Fraction | None = None
    stream: int | None = None
    fits: bool = False


def clip_of(source: Path, reading: Reading = Reading()) -> ClipInfo:
    """Look at a film, which may be a sequence of pictures.

    Args:
        source: a file, or what `sequence_of` takes.
        reading: how to take it.

    Raises:
        UsageError: it has its own times, and is given a rate.
        InputError: as `probe` and `describe`.
    """
    check_rate(source, reading.rate)
    found = sequence_of(source)
    if found is None:
        return probe(source, reading.stream, reading.fits)
    return describe(found, reading.rate)


def describe(found: PictureSequence, rate: Fraction | None = None) -> ClipInfo:
    """Look at a sequence: the heads of all its files, and the first picture.

    Raises:
        InputError: a file is damaged at its head or of another size or kind than the first, or
            the first picture cannot be read.
    """
    files = found.files
    headers = _same_headers(files)
    chosen = rate or headers.rate or DEFAULT_RATE
    shown = read_frame_picture(files[0])
    traits = format_traits(shown.pixel_format)
    height, width = shown.shape
    return ClipInfo(
        path=found.path,
        container="image2",
        video_index=0,
        codec=files[0].suffix.lower().removeprefix("."),
        width=width,
        height=height,
        sample_aspect_ratio=Fraction(1),
        display_matrix=None,
        rotation=0,
        flipped=False,
        pixel_format=shown.pixel_format,
        depth=traits.depth,
        working_format=traits.working,
        full_range=traits.full_range is True,
        matrix=UNSPECIFIED if traits.full_range is None else _BT601,
        primaries=UNSPECIFIED,
        transfer=UNSPECIFIED,
        chroma_location="center",
        field_order="progressive",
        time_base=1 / chosen,
        pts=np.arange(found.frame_count, dtype=np.int64),
        end_pts=found.frame_count,
        average_rate=chosen,
        files=found.frames(),
        first_number=found.numbers[0],
        repairs=(
            *_said_of_rate(found, rate, headers.rate),
            *_said_of_gaps(found),
            *(("Transparency is left out.",) if headers.alpha else ()),
        ),
    )


def _said_of_rate(
    found: PictureSequence, asked: Fraction | None, told: Fraction | None
) -> tuple[str, ...]:
    if asked is not None:
        return ()
    why = "as their head says" if told else "since they say none"
    return (
        f"The pictures {found.numbers[0]} to {found.numbers[-1]} are shown at"
        f" {told or DEFAULT_RATE} a second, {why}; `frame_rate` gives another rate.",
    )


def _said_of_gaps(found: PictureSequence) -> tuple[str, ...]:
    said = []
    if gone := found.missing():
        names = ", ".join(map(str, gone[:_NAMED])) + (" ..." if len(gone) > _NAMED else "")
        numbers = "number is" if len(gone) == 1 else "numbers are"
        said.append(
            f"{len(gone)} {numbers} missing ({names}); the picture before is held there, so that"
            " time goes on."
        )
    if found.others:
        words = "1 other picture is" if found.others == 1 else f"{found.others} other pictures are"
        said.append(f"{words} no part of the sequence.")
    return tuple(said)


def _same_headers(files: Sequence[Path]) -> Header:
    """The header of all files, if it is one."""
    first = read_header(files[0])
    for path in files[1:]:
        here = read_header(path)
        if not here.fits(first):
            raise InputError(
                f"{path} differs from the first picture of its sequence: it has {here}, and"
                f" {files[0].name} has {first}.",
                "Make them alike, or give the parts on their own; for photographs there is"
                " vidcolor batch.",
            )
    return first


def read_pictures(clip: ClipInfo, first: int, stop: int) -> Iterator[Frame]:
    """Frames `first` to `stop` of a sequence; a picture that cannot be read repeats the one before.

    Raises:
        InputError: none can be read up to `first`, or a picture is of another size or kind.
    """
    for index, shown, repeated in _shown(clip, first, stop):
        yield Frame(index, int(clip.pts[index]), shown.planes(), repeated)


def read_picture_lumas(clip: ClipInfo, first: int, stop: int) -> Iterator[Plane]:
    """Luma planes as `read_pictures` has them, without the work that chroma is."""
    for _, shown, _ in _shown(clip, first, stop):
        yield shown.luma()


def _shown(clip: ClipInfo, first: int, stop: int) -> Iterator[tuple[int, FramePicture, bool]]:
    shown: FramePicture | None = None
    for index in range(first, stop):
        # A missing number has the file before: it need not be read again.
        own = index == 0 or clip.files[index] != clip.files[index - 1]
        found = _readable(clip, index) if own or shown is None else shown
        shown = found or shown or _before(clip, index)
        yield index, shown, found is None


def _before(clip: ClipInfo, index: int) -> FramePicture:
    """The last picture before a frame that can be read."""
    for place in range(index - 1, -1, -1):
        if shown := _readable(clip, place):
            return shown
    raise InputError(
        f"{clip.files[index]} cannot be read, nor any picture before it.", "Get another copy."
    )


def _readable(clip: ClipInfo, index: int) -> FramePicture | None:
    path = clip.files[index]
    try:
        shown = read_frame_picture(path)
    except InputError:
        return None
    if (shown.shape, shown.pixel_format) != ((clip.height, clip.width), clip.pixel_format):
        height, width = shown.shape
        raise InputError(
            f"{path} is {width}x{height} {shown.pixel_format}, and the first picture of its"
            f" sequence {clip.width}x{clip.height} {clip.pixel_format}.",
            "Make them alike, or give the parts on their own.",
        )
    return shown
