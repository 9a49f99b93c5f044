"""A film's frame rate and time base: what FFmpeg takes them for, and where it is mistaken."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from av.video.stream import VideoStream

from vidcolor.media.stamps import fraction

_RAW = {"h264", "hevc", "vvc", "mpegvideo", "m4v", "obu", "avs2", "avs3", "cavsvideo", "vc1"}
"""Streams without a container, whose rate FFmpeg takes to be 25 whatever they say themselves."""
_STAMPED = {"m4v", "obu"}
"""Those whose frames tell their time themselves."""
_REORDERING = {"h264", "hevc"}
_LONGEST_STEP_S = 60
"""Frames of avi that last longer have a negative scale, which FFmpeg reads as a huge one."""
_MILLISECOND = Fraction(1, 1000)


def has_stamps(container: str, codec: str) -> bool:
    """Whether frames have times of their own; else FFmpeg guesses them, at times wrong."""
    return container not in _RAW - _STAMPED and not (container == "avi" and codec in _REORDERING)


def clockwork(
    film: VideoStream, container: str, path: Path
) -> tuple[Fraction, tuple[Fraction, ...]]:
    """Seconds a tick, and what may be the frame rate, the likeliest first."""
    base = fraction(film.time_base) or _MILLISECOND
    if container == "avi" and base > _LONGEST_STEP_S:
        step_s = _avi_step_s(path)
        return step_s, (1 / step_s,)
    average = None if container in _RAW else film.average_rate
    rates = map(fraction, (average, film.guessed_rate, film.base_rate))
    return base, tuple(r for r in rates if r and 0 < r <= 1000) or (Fraction(25),)


def _avi_step_s(path: Path) -> Fraction:
    """Seconds a frame by the main header of an avi, for want of the stream's own."""
    with path.open("rb") as file:
        header = file.read(36)
    step_s = Fraction(int.from_bytes(header[32:36], "little"), 1_000_000)
    return step_s if _MILLISECOND <= step_s <= 1 else Fraction(1, 25)


def borne_out(rates: tuple[Fraction, ...], measured: Fraction, time_base: Fraction) -> Fraction:
    """The rate that the frames bear out; FFmpeg's average counts the last picture's hold in.

    Args:
        rates: what it may be, the likeliest first.
        measured: frames a second by their times.
        time_base: of these.
    """
    near = (r for r in rates if abs(measured / r - 1) < Fraction(1, 100))
    rate = next(near, rates[0])
    if not 0.5 < measured / rate < 2:
        return measured.limit_denominator(1001)
    return _named(rate) if time_base == _MILLISECOND else rate


def _named(rate: Fraction) -> Fraction:
    """The rate of television in colour that another one means if it was reckoned from times."""
    named = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return named if named and abs(rate / named - 1) < Fraction(1, 50_000) else rate
