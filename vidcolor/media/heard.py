"""Two decodings of the same sound, compared: whether it is the same, begins and runs in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.packet import Packet
from numpy.typing import NDArray

NEAR_S = 0.002
"""How far sound may be off: containers round to 1 ms, picture and sound each."""
RUNS_WRONG = "its sound would run at another speed"
_RUN_S = 0.004
"""How far the last stamp may be off more: blocks of sound are rounded too."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Decoded sound.

    Attributes:
        start_s: of the first sample.
        drift_s: how much later the last frame is shown than its samples say.
        rate: samples a second.
        samples: (channels, samples) of any kind.
    """

    start_s: float
    drift_s: float
    rate: int
    samples: NDArray[Any]

    @property
    def end_s(self) -> float:
        """Where the last sample ends, by the count of samples."""
        return self.start_s + float(self.samples.shape[1] / self.rate)

    @property
    def runs_true(self) -> bool:
        """Whether its stamps go with its samples."""
        return abs(self.drift_s) <= _RUN_S


def hear(packets: Iterable[Packet[Any]]) -> Heard | None:
    """Decode packets of one stream from their first on; None if nothing can be decoded."""
    frames: list[Any] = []
    decoder = None
    for packet in packets:
        if decoder is None:
            decoder = packet.stream.codec_context
            if decoder.is_open:
                decoder.flush_buffers()
        if packet.size:
            frames += _decode(decoder, packet)
    if decoder is not None:
        frames += _decode(decoder, None)
    frames = [f for f in frames if f.pts is not None and f.samples]
    if not frames:
        return None
    arrays = [_channels(f) for f in frames if f.layout.nb_channels == frames[0].layout.nb_channels]
    first, last = frames[0], frames[-1]
    before: float = sum(f.samples for f in frames[:-1]) / first.sample_rate
    drift = _seconds(last) - _seconds(first) - before
    return Heard(_seconds(first), drift, first.sample_rate, np.concatenate(arrays, axis=1))


def _decode(decoder: Any, packet: Packet[Any] | None) -> list[Any]:
    try:
        return list(decoder.decode(packet))
    except (av.error.FFmpegError, EOFError):
        return []


def _seconds(frame: Any) -> float:
    base = Fraction(frame.time_base.numerator, frame.time_base.denominator)
    return float(frame.pts * base)


def _channels(frame: Any) -> NDArray[Any]:
    samples: NDArray[Any] = frame.to_ndarray()
    return samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T


def difference(before: Heard, after: Heard | None, shift_s: float, same: bool) -> str | None:
    """What is wrong with sound in another container; None if nothing is.

    Args:
        before: in the source.
        after: the same in the output, which may hold more of it at either end.
        shift_s: how much later the output is.
        same: whether it is copied: samples and gaps must be equal; else there are no gaps.
    """
    if after is None:
        return "its sound cannot be decoded"
    if abs(after.drift_s - before.drift_s * same) > _RUN_S:
        return RUNS_WRONG
    late = after.start_s - before.start_s - shift_s
    # What is heard before the film may be cut.
    if after.start_s > max(before.start_s + shift_s, 0) + NEAR_S:
        return f"its sound would begin {1000 * late:.0f} ms late"
    if same and not _equal(before, after, late):
        return "its sound would not be the same at the same time"
    return None


def _equal(before: Heard, after: Heard, late_s: float) -> bool:
    """Whether the later half of what both hold is equal, give or take rounded times."""
    if before.rate != after.rate or len(before.samples) != len(after.samples):
        return False
    expected, far = round(late_s * before.rate), int(NEAR_S * before.rate)
    for late in sorted(range(expected - far, expected + far + 1), key=lambda n: abs(n - expected)):
        old, new = before.samples[:, max(0, late) :], after.samples[:, max(0, -late) :]
        count = min(old.shape[1], new.shape[1])
        half = slice(count // 2, count)
        if count and _same(old[:, half], new[:, half]):
            return True
    return False


def _same(old: NDArray[Any], new: NDArray[Any]) -> bool:
    """Whether samples are equal, up to rounding where another decoder gives another kind."""
    if old.dtype == new.dtype:
        return np.array_equal(old, new)
    return bool(np.allclose(_as_float(old), _as_float(new), rtol=0, atol=2**-15))


def _as_float(samples: NDArray[Any]) -> NDArray[Any]:
    if samples.dtype.kind == "f":
        return samples
    if samples.dtype == np.uint8:
        return samples / 128 - 1
    return samples / -float(np.iinfo(samples.dtype).min)
