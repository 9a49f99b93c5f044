"""Sound decoded and encoded anew during the join, each sample at the source's own time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from numpy.typing import NDArray

_JITTER_S = Fraction(1, 50)
"""Time stamps may err so much, rounded to milliseconds or to blocks, before it is a gap."""
_SILENCE = 1 << 15
"""Samples of silence that are encoded at a time."""


@dataclass(frozen=True)
class Placing:
    """Where sound belongs in the output.

    Attributes:
        start_s: where it may begin; what comes before is cut.
        end_s: where it must end, None for no end.
        leads: whether silence leads from the start to the first sample, for containers that know
            no start times.
        shift_s: what is to be added to the first stamp where the source's sound has no gaps and
            its other stamps are not to be believed, as in avi; None where all stamps are right.
    """

    start_s: Fraction
    end_s: Fraction | None
    leads: bool = False
    shift_s: Fraction | None = None


class SoundConverter:
    """Turns packets of one stream of sound into packets of another codec.

    Gaps become silence and what overlaps is cut, so that sound stays with the picture.

    Args:
        stream: of the source.
        carrier: of the output, from `sound_carrier`.
        placing: when it is heard.
    """

    def __init__(self, stream: Any, carrier: Any, placing: Placing) -> None:
        self._decoder, self._carrier = stream.codec_context, carrier
        self._context = carrier.codec_context
        self._rate = int(self._context.sample_rate)
        self._placing = placing
        self._first = round(placing.start_s * self._rate)
        self._end = None if placing.end_s is None else round(placing.end_s * self._rate)
        self._next: int | None = self._first if placing.leads else None
        self._expected: int | None = None
        self._resampler: AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None
        if self._decoder.is_open:
            self._decoder.flush_buffers()

    def feed(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Packets that a packet of the source makes, which is stamped for the output."""
        try:
            frames = self._decoder.decode(packet)
        except av.error.FFmpegError:
            return  # damaged sound becomes silence
        for frame in frames:
            yield from self._convert(frame)

    def finish(self) -> Iterator[Packet[Any]]:
        """The packets that were held back."""
        for frame in self._decoder.decode(None):
            yield from self._convert(frame)
        yield from self._drained()
        yield from self._stamped(self._context.encode(None))

    def _convert(self, frame: Any) -> Iterator[Packet[Any]]:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self._drained()
            self._kind = kind
            context = self._context
            self._resampler = AudioResampler(context.format, context.layout, self._rate)
        assert self._resampler is not None
        for ready in self._resampler.resample(frame):
            yield from self._encode(ready)

    def _drained(self) -> Iterator[Packet[Any]]:
        if self._resampler is not None:
            for ready in self._resampler.resample(None):
                if ready is not None:
                    yield from self._encode(ready)

    def _encode(self, frame: Any) -> Iterator[Packet[Any]]:
        """Put a frame of the encoder's own kind where it belongs."""
        samples = frame.to_ndarray()
        width = 1 if frame.format.is_planar else frame.layout.nb_channels
        at = self._place(frame)
        self._expected = at + frame.samples
        if self._next is None:
            self._next = max(at, self._first)
        while at > self._next:
            blank = min(at - self._next, _SILENCE)
            yield from self._put(np.zeros((len(samples), blank * width), samples.dtype))
        cut = self._next - at
        samples = samples[:, cut * width :]
        if self._end is not None:
            samples = samples[:, : max(0, self._end - self._next) * width]
        if samples.shape[1]:
            yield from self._put(np.ascontiguousarray(samples))

    def _place(self, frame: Any) -> int:
        """The place of a frame's first sample: behind the one before unless it is far from it."""
        shift = self._placing.shift_s
        if self._expected is not None and (frame.pts is None or shift is not None):
            return self._expected
        base = Fraction(frame.time_base.numerator, frame.time_base.denominator)
        at = round(((frame.pts or 0) * base + (shift or 0)) * self._rate)
        if self._expected is None or abs(at - self._expected) > _JITTER_S * self._rate:
            return at
        return self._expected

    def _put(self, samples: NDArray[Any]) -> Iterator[Packet[Any]]:
        assert self._next is not None
        context = self._context
        made = AudioFrame.from_ndarray(samples, context.format.name, context.layout.name)
        made.sample_rate, made.time_base = self._rate, Fraction(1, self._rate)
        made.pts = self._next
        self._next += made.samples
        yield from self._stamped(context.encode(made))

    def _stamped(self, packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
        for packet in packets:
            packet.stream = self._carrier
            yield packet
