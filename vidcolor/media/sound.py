"""What sound becomes where it is not copied: encoders by container, and how they are opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import av
from av.codec.codec import Properties
from av.container import OutputContainer

Sound = Literal["auto", "copy", "convert", "none"]
SOUND_CHOICES = ("auto", "copy", "convert", "none")

_LOSSLESS = {".mkv": ("flac",), ".webm": ("libopus",), ".avi": ("pcm_s16le", "pcm_s24le")}
_LOSSY = {".mkv": ("flac",), ".webm": ("libopus",), ".avi": ("pcm_s16le",)}
_MP4_LOSSLESS, _MP4_LOSSY = ("alac", "aac"), ("aac",)
_FORMATS = {
    "flac": ("s16", "s32"),
    "alac": ("s16p", "s32p"),
    "pcm_s16le": ("s16", "s16"),
    "pcm_s24le": ("s32", "s32"),
    "libopus": ("flt", "flt"),
    "aac": ("fltp", "fltp"),
}
"""Sample formats for sources of at most 16 bits, and of more."""
_NAMES = {"libopus": "opus"}
_BITS_A_CHANNEL = {"aac": 96_000, "libopus": 80_000}
_AAC_BITS_A_SAMPLE = 6


@dataclass(frozen=True)
class SoundTarget:
    """How a stream of sound is encoded.

    Attributes:
        codec: FFmpeg's name of the encoder.
        rate: samples a second.
        layout: FFmpeg's name of the channels' layout.
        format: of the samples that the encoder takes.
        bit_rate: bits a second, 0 where nothing is lost.
    """

    codec: str
    rate: int
    layout: str
    format: str
    bit_rate: int

    @property
    def words(self) -> str:
        """For a user: codec and what it keeps."""
        name = _NAMES.get(self.codec, self.codec)
        if self.bit_rate:
            return f"{name} of {self.bit_rate // 1000} kb/s"
        return f"{name} of {'16' if '16' in self.format else '24'} bits"


def channel_layout(stream: Any) -> str:
    """The layout of a stream's channels, the usual one where only their number is known."""
    layout = stream.codec_context.layout
    if re.fullmatch(r"\d+ channels", layout.name):
        return str(av.AudioLayout(f"{layout.nb_channels}c").name)
    return str(layout.name)


def sound_targets(stream: Any, suffix: str) -> Iterator[SoundTarget]:
    """What the sound of a stream may become in a container, the best first.

    Args:
        stream: of the source, with a known codec.
        suffix: of the container.
    """
    context = stream.codec_context
    layout = channel_layout(stream)
    usual = str(av.AudioLayout(f"{context.layout.nb_channels}c").name)
    fine = context.format is not None and context.format.bytes > 2
    for codec in _encoders(Properties(context.codec.properties), suffix, fine):
        rate = _rate(codec, int(context.sample_rate))
        for channels in dict.fromkeys((layout, usual, "stereo")):
            count = av.AudioLayout(channels).nb_channels
            bits = _bit_rate(codec, rate, count)
            yield SoundTarget(codec, rate, channels, _FORMATS[codec][fine], bits)


def _encoders(kind: Properties, suffix: str, fine: bool) -> tuple[str, ...]:
    lossless = Properties.LOSSLESS in kind and Properties.LOSSY not in kind
    if suffix == ".avi" and lossless and fine:
        return ("pcm_s24le",)
    if lossless:
        return _LOSSLESS.get(suffix, _MP4_LOSSLESS)
    return _LOSSY.get(suffix, _MP4_LOSSY)


def _rate(codec: str, rate: int) -> int:
    """The least rate of an encoder that loses nothing, or its greatest."""
    rates = av.codec.Codec(codec, "w").audio_rates
    if not rates:
        return rate
    return min((r for r in rates if r >= rate), default=max(rates))


def _bit_rate(codec: str, rate: int, channels: int) -> int:
    bits = _BITS_A_CHANNEL.get(codec, 0) * channels
    # FFmpeg's encoder takes no more a frame.
    return min(bits, _AAC_BITS_A_SAMPLE * rate * channels) if codec == "aac" else bits


def sound_carrier(target: OutputContainer, stream: Any, wanted: SoundTarget) -> Any:
    """A stream of an output, not yet written to, that takes a source's sound as another codec."""
    carrier: Any = target.add_stream(wanted.codec, rate=wanted.rate)
    context = carrier.codec_context
    context.layout, context.format = wanted.layout, wanted.format
    if wanted.bit_rate:
        context.bit_rate = wanted.bit_rate
    return carrier
