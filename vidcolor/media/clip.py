"""The records that leave this room: what a clip is, one frame of it, how it is to be encoded.

Nothing here opens a file, so other rooms can import these without PyAV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.media.clock import Clock

Plane = NDArray[Any]
"""uint8 or uint16 (height, width); values of the clip's depth in the low bits."""

UNSPECIFIED = 2
"""FFmpeg's number for a matrix, primaries or transfer that nobody wrote down."""

_MATRICES = {
    1: "bt709",
    4: "fcc",
    5: "bt601",
    6: "bt601",
    7: "smpte240m",
    9: "bt2020nc",
    10: "bt2020c",
}
_BT2020_PRIMARIES = 9
_HDR_TRANSFERS = (16, 18)


def resolved_matrix(matrix: int, primaries: int, transfer: int, size: tuple[int, int]) -> str:
    """The matrix as a name, guessed from the rest as players do if it is unspecified.

    Args:
        matrix: FFmpeg's number.
        primaries: likewise.
        transfer: likewise.
        size: (height, width).
    """
    if named := _MATRICES.get(matrix):
        return named
    if primaries == _BT2020_PRIMARIES or transfer in _HDR_TRANSFERS:
        return "bt2020nc"
    return "bt709" if size[0] > 576 or size[1] >= 1280 else "bt601"


@dataclass(frozen=True)
class OtherStream:
    """A stream of the source that is not the film: sound, subtitles, a cover, a font.

    Args:
        index: its place in the source.
        kind: 'audio', 'subtitle', 'data', 'attachment', 'video' or 'cover'.
        codec: FFmpeg's codec name, 'unknown' where there is none.
        metadata: language, title, filename and so on.
        disposition: FFmpeg's disposition bits.
        size: (width, height) of a video stream that is no cover, else zeros.
    """

    index: int
    kind: str
    codec: str
    metadata: Mapping[str, str]
    disposition: int = 0
    size: tuple[int, int] = (0, 0)

    @property
    def language(self) -> str:
        """Three letters as in the source, or ''."""
        return self.metadata.get("language", "")


@dataclass(frozen=True)
class Stretch:
    """Pictures of a film that are alike, up to the next stretch.

    Args:
        first: index of the first of them.
        size: (width, height) of the coded luma plane.
        pixel_format: the source's.
        aspect: of one pixel, width to height, as the codec has it; 1 if unknown.
        color_range: FFmpeg's number; 0 if unknown.
        matrix: likewise, 2 if unknown.
    """

    first: int
    size: tuple[int, int]
    pixel_format: str
    aspect: Fraction
    color_range: int
    matrix: int

    @property
    def shape(self) -> Fraction:
        """Width to height of the picture as it is shown."""
        return self.size[0] * self.aspect / self.size[1]


@dataclass(frozen=True, eq=False)
class ClipInfo:
    """Everything about a source that must survive, and what its frames look like here.

    Args:
        path: the source.
        container: FFmpeg's name of the source's format, such as 'mov,mp4,m4a,3gp,3g2,mj2'.
        video_index: which stream the film is.
        codec: FFmpeg's name of the source's codec.
        width: of the coded luma plane, before rotation and pixel aspect.
        height: likewise.
        sample_aspect_ratio: of one pixel, width to height; 1 if unknown.
        display_matrix: FFmpeg's nine int32, or None.
        rotation: degrees clockwise, 0, 90, 180 or 270, that turn the picture upright.
        flipped: whether the picture is mirrored left to right before that turn.
        pixel_format: the source's.
        depth: bits of a sample.
        working_format: the planar format of every `Frame`.
        full_range: whether luma runs over 0..2^depth-1 and not 16..235 << depth-8.
        matrix: FFmpeg's number; 2 if unspecified, as the next two.
        primaries: likewise.
        transfer: likewise.
        chroma_location: 'left', 'center' or 'topleft'.
        field_order: 'progressive', 'tt', 'bb', 'tb' or 'bt'.
        time_base: seconds a tick of pts.
        pts: int64 (frames,), display order, strictly increasing.
        end_pts: when the last frame ends.
        average_rate: frames a second.
        other_streams: all but the film.
        metadata: of the container.
        stream_metadata: of the film's stream.
        disposition: of the film's stream.
        in_order: whether frames are known by their place and not by their stamp, as where
            the container stores none that can be trusted (h264 in avi, raw streams).
        chapters: how many the file has.
        clock: what the source's own stamps mean; `pts` are mended by it.
        hdr: mastering display and light level for the encoder, as `name=value`; empty if none.
        captions: whether its first frames carry closed captions.
        repairs: sentences on what was mended or will be lost in decoding.
        files: of a sequence of pictures, the file of each frame; empty where the film is one file.
        first_number: of a sequence, the number of its first picture.
        stretches: where the picture changes midway, those of like pictures; else none.
        fits: whether pictures of another size or format are brought to the first's.
        keys: frames that the packets call keyframes, rising; none where stamps cannot tell which
            frames those are.
    """

    path: Path
    container: str
    video_index: int
    codec: str
    width: int
    height: int
    sample_aspect_ratio: Fraction
    display_matrix: tuple[int, ...] | None
    rotation: int
    flipped: bool
    pixel_format: str
    depth: int
    working_format: str
    full_range: bool
    matrix: int
    primaries: int
    transfer: int
    chroma_location: str
    field_order: str
    time_base: Fraction
    pts: NDArray[np.int64]
    end_pts: int
    average_rate: Fraction
    other_streams: tuple[OtherStream, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    stream_metadata: Mapping[str, str] = field(default_factory=dict)
    disposition: int = 0
    in_order: bool = False
    chapters: int = 0
    clock: Clock = field(default_factory=Clock)
    hdr: tuple[str, ...] = ()
    captions: bool = False
    repairs: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    first_number: int = 0
    stretches: tuple[Stretch, ...] = ()
    fits: bool = False
    keys: tuple[int, ...] = ()

    @property
    def frame_count(self) -> int:
        """Frames that decoding delivers."""
        return len(self.pts)

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame's start to the last one's end."""
        return float((self.end_pts - int(self.pts[0])) * self.time_base)

    @property
    def interlaced(self) -> bool:
        """Whether a frame holds two fields."""
        return self.field_order != "progressive"

    @property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) as shown: square pixels, turned upright, nothing shrunk."""
        aspect = self.sample_aspect_ratio
        width = round(self.width * aspect) if aspect > 1 else self.width
        height = round(self.height / aspect) if aspect < 1 else self.height
        return (width, height) if self.rotation in (90, 270) else (height, width)

    def resolved_matrix(self) -> str:
        """The matrix as a name."""
        size = self.height, self.width
        return resolved_matrix(self.matrix, self.primaries, self.transfer, size)

    def frame_at(self, time_s: float) -> int:
        """The frame that is shown so many seconds after the first one's start; -1 if none is."""
        if time_s and not 0 <= time_s < self.duration_s:
            return -1
        stamp = int(self.pts[0]) + time_s / float(self.time_base)
        return max(0, int(np.searchsorted(self.pts, stamp + 0.5, "right")) - 1)

    def seconds_at(self, index: int) -> float:
        """When a frame begins, in seconds from the first one's start."""
        return float(Fraction(int(self.pts[index]) - int(self.pts[0])) * self.time_base)

    def frame_end(self, index: int) -> int:
        """The pts at which frame `index` gives way to the next."""
        return int(self.pts[index + 1]) if index + 1 < len(self.pts) else self.end_pts


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame in its clip's working format.

    Args:
        index: its place in the clip.
        pts: in the clip's time base.
        planes: luma, Cb, Cr; each uint8 or uint16 (plane height, plane width). Those that
            decoding delivers are read-only.
        repeated: whether the source's own frame was damaged and the one before stands in.
        captions: PyAV's frame that carries the closed captions, from `captions_of`, or None.
    """

    index: int
    pts: int
    planes: tuple[Plane, ...]
    repeated: bool = False
    captions: Any = None

    @property
    def luma(self) -> Plane:
        """The first plane."""
        return self.planes[0]


@dataclass(frozen=True)
class EncoderSettings:
    """How every segment of a film is encoded: equal settings, equal packets.

    Args:
        codec: FFmpeg's name of the encoder.
        pixel_format: that of the planes to be encoded: the clip's working format, or one of more
            bits or chroma where the encoder takes no other or the user asks for it.
        crf: constant quality, None where lossless or meaningless.
        preset: the encoder's own word or number, None for its default.
        lossless: whether the planes come back bit by bit.
        threads: fixed, because the packets depend on it.
        options: all that the encoder is opened with, as sorted pairs.
        pictures: whether each frame becomes a file of its own, of the kind that `codec` names.
    """

    codec: str
    pixel_format: str
    crf: int | None = None
    preset: str | None = None
    lossless: bool = False
    threads: int = 4
    options: tuple[tuple[str, str], ...] = ()
    pictures: bool = False
