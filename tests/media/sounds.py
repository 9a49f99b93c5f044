"""Small films with sound of every kind, and what is heard of a file by PyAV alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import scipy.signal

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
CODECS = (
    *("pcm_s16le", "pcm_s24le", "pcm_f32le", "pcm_u8", "pcm_s16be", "pcm_mulaw", "pcm_alaw"),
    *("adpcm_ms", "adpcm_ima_wav", "mp2", "mp3", "aac", "ac3", "eac3", "flac", "alac", "opus"),
    *("vorbis", "wmav1", "wmav2", "pcm_dvd", "pcm_s32le", "wavpack", "tta", "adpcm_ima_qt", "g722"),
)
ENCODERS = {"mp3": "libmp3lame", "opus": "libopus"}
FILMS = {
    ".avi": "mpeg4",
    ".mkv": "libx264",
    ".mov": "libx264",
    ".mp4": "libx264",
    ".mxf": "mpeg2video",
    ".nut": "mpeg4",
    ".ts": "mpeg2video",
    ".wmv": "msmpeg4v3",
    ".webm": "libvpx",
    ".ogg": "libvpx",
    ".flv": "flv",
    ".vob": "mpeg2video",
}
"""The film's encoder by container."""
FRAMES, RATE = 20, 25


@dataclass(frozen=True)
class Sound:
    """A stream of sound to be made: its codec's name, channels, rate, and when it begins."""

    codec: str
    channels: int = 1
    rate: int = 48000
    start_s: Fraction = Fraction(0)
    seconds: float = 0.8


@dataclass(frozen=True)
class Heard:
    """What a file's first sound is: (channels, samples), their rate, the first one's seconds
    from the film's first frame on."""

    samples: np.ndarray
    rate: int
    start_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.samples.shape[1] / self.rate


def signal(sound: Sound) -> np.ndarray:
    """Noise below 2 kHz that nothing repeats, float (channels, samples) within -0.5..0.5."""
    chance = np.random.default_rng(11)
    length = round(sound.seconds * sound.rate)
    rough = chance.normal(0, 1, (sound.channels, length))
    spectrum = np.fft.rfft(rough)
    spectrum[:, round(2000 * sound.seconds) :] = 0
    smooth = np.fft.irfft(spectrum, length)
    return smooth / np.abs(smooth).max() / 2


def sound_film(path: Path, *sounds: Sound) -> Path:
    """A film of grey frames with sound.

    Raises:
        ValueError, av.error.FFmpegError: the container takes no such sound.
    """
    with av.open(str(path), "w") as container:
        film = container.add_stream(FILMS[path.suffix], rate=RATE)
        film.codec_context.width, film.codec_context.height = 64, 48
        if path.suffix == ".mxf":
            film.codec_context.bit_rate = 400_000
        streams = [_stream(container, sound) for sound in sounds]
        container.start_encoding()
        for stream, sound in zip(streams, sounds, strict=True):
            for packet in _encoded(stream, sound):
                container.mux(packet)
        for index in range(FRAMES):
            frame = av.VideoFrame(64, 48, film.codec_context.pix_fmt)
            for plane in frame.planes:
                plane.update(bytes([16 + 5 * index]) * plane.buffer_size)
            frame.pts = index
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
    return path


def _stream(container, sound: Sound):
    options = {"strict": "experimental"}
    name = ENCODERS.get(sound.codec, sound.codec)
    stream = container.add_stream(name, rate=sound.rate, options=options)
    stream.codec_context.layout = LAYOUTS[sound.channels]
    if sound.codec in ("mp2", "mp3", "aac", "ac3", "eac3", "opus", "vorbis", "wmav1", "wmav2"):
        stream.codec_context.bit_rate = 128_000 * sound.channels
    return stream


def _encoded(stream, sound: Sound):
    context = stream.codec_context
    wave = signal(sound).astype(np.float32)
    resampler = av.AudioResampler(context.format, context.layout, sound.rate)
    for at in range(0, wave.shape[1], 960):
        block = np.ascontiguousarray(wave[:, at : at + 960])
        frame = av.AudioFrame.from_ndarray(block, "fltp", context.layout.name)
        frame.sample_rate, frame.time_base = sound.rate, Fraction(1, sound.rate)
        frame.pts = round(sound.start_s * sound.rate) + at
        for ready in resampler.resample(frame):
            yield from stream.encode(ready)
    yield from stream.encode(None)


def heard(path: Path, place: int = 0) -> Heard:
    with av.open(str(path)) as container:
        film = next(container.decode(video=0))
    # avi knows no start, and FFmpeg guesses H.264's times in it a frame late.
    begins = 0.0 if path.suffix == ".avi" else film.time
    with av.open(str(path)) as container:
        stream = container.streams.audio[place]
        frames = [frame for packet in container.demux(stream) for frame in packet.decode()]
    first = frames[0]
    samples = [_floats(frame) for frame in frames]
    return Heard(np.concatenate(samples, 1), first.sample_rate, float(first.time - begins))


def _floats(frame) -> np.ndarray:
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype.kind == "f":
        return samples.astype(np.float64)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float64) - 128) / 128
    return samples / float(-np.iinfo(samples.dtype).min)


def drift(path: Path) -> float:
    """How many seconds the last frame of a file's sound is shown later than its samples say."""
    return _late(path)[-1]


def leap(path: Path) -> float:
    """The greatest step in seconds by which a frame of sound is not where its samples say."""
    return float(np.abs(np.diff(_late(path))).max(initial=0))


def _late(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        frames = [f for p in packets for f in p.decode() if f.pts is not None]
    samples = np.cumsum([0, *(f.samples for f in frames)])
    return [f.time - frames[0].time - n / f.rate for f, n in zip(frames, samples, strict=False)]


def apart(old: Heard, new: Heard) -> tuple[float, float]:
    """How many seconds the same sound comes later in another file, and how alike it is, 0..1.

    Found where the middle of the old one's first channel fits the new one best.
    """
    rate = max(old.rate, new.rate)
    a, b = (_at_rate(h, rate) for h in (old, new))
    lo, hi = round(len(a) * 0.3), round(len(a) * 0.7)
    piece = a[lo:hi]
    fits = scipy.signal.correlate(b, piece, "valid", "fft")
    power = scipy.signal.correlate(b**2, np.ones(len(piece)), "valid", "fft")
    alike = fits / np.sqrt(np.maximum(power, 1e-12) * (piece**2).sum())
    at = int(alike.argmax())
    return new.start_s + at / rate - (old.start_s + lo / rate), float(alike[at])


def _at_rate(h: Heard, rate: int) -> np.ndarray:
    wave = h.samples[0]
    if h.rate == rate:
        return wave
    length = round(len(wave) * rate / h.rate)
    return np.interp(np.arange(length) * h.rate / rate, np.arange(len(wave)), wave)
