"""Choosing an encoder, and finding out before any work whether it holds the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.codec.hwaccel import HWAccel, HWDeviceType

from vidcolor.errors import MachineError, OutputError, UsageError
from vidcolor.files import trial_folder
from vidcolor.media.clip import ClipInfo, EncoderSettings, Frame, Plane
from vidcolor.media.codecs import (
    CRF_LIMITS,
    avi_slots,
    candidates,
    codecs_for,
    containers_for,
    encoder_options,
    preset_refusal,
    segment_suffix,
)
from vidcolor.media.formats import (
    as_encoded,
    checked_format,
    encoded_format,
    formats_holding,
)
from vidcolor.media.planes import neutral_chroma, plane_shapes, unpack_luma
from vidcolor.media.source import media_url
from vidcolor.media.suffixes import CONTAINERS
from vidcolor.media.writer import SegmentWriter

__all__ = ["SegmentWriter", "choose_encoder"]

_DNXHR_LEAST = 256, 120


def choose_encoder(
    clip: ClipInfo,
    output: Path,
    codec: str | None = None,
    crf: int | None = None,
    preset: str | None = None,
    lossless: bool = False,
    threads: int = 4,
    pix_fmt: str | None = None,
) -> EncoderSettings:
    """Find an encoder that holds the clip in the output's container, and try it.

    Trying means that a frame of the clip's size is encoded and put into a file of the
    container's kind, so that a refusal comes now and not after hours.

    Args:
        clip: its size, working format and tags.
        output: its suffix says the container.
        codec: an FFmpeg encoder, None to choose one.
        crf: constant quality, lower is better; None for the encoder's default here.
        preset: the encoder's own name or number of a speed.
        lossless: whether luma and chroma come back bit by bit.
        threads: of the encoder, at least 1; fixed because packets depend on it.
        pix_fmt: pixel format to encode in; None for the clip's, or the nearest that holds it.

    Raises:
        UsageError: crf, preset, threads or pix_fmt have bad values.
        OutputError: container, codec and clip don't go together.
        MachineError: the codec is one of a GPU that is not there.
    """
    suffix = _checked_suffix(output)
    if threads < 1:
        raise UsageError(f"{threads} threads cannot encode.", "Give 1 or more.")
    if lossless and crf is not None:
        raise UsageError("Lossless has no quality to choose.", "Leave out one of the two.")
    _check_rate(clip, suffix)
    if pix_fmt is not None:
        pix_fmt = checked_format(pix_fmt, clip.working_format)
    names = [_checked_codec(codec)] if codec else _nearest(clip, suffix, lossless)
    reasons = []
    for name in names:
        pixel_format = encoded_format(name, clip.working_format, pix_fmt)
        if pixel_format is None:
            reasons.append(f"{name}: {_untaken(clip, pix_fmt)}")
            continue
        encoded = as_encoded(clip, name, pixel_format)
        settings = _settings(encoded, name, crf, preset, lossless, threads)
        if suffix == ".avi" and name.startswith("libx26"):
            settings = _without_reordering(settings)
        reason = _try(encoded, output, settings)
        if reason is None:
            return settings
        _check_device(name)
        reasons.append(f"{name}: {reason}")
    raise OutputError(
        f"No encoder holds {clip.width}x{clip.height} {pix_fmt or clip.working_format} in {suffix}"
        f"{' without loss' if lossless else ''} ({'; '.join(reasons) or 'none is known'}).",
        _remedy(clip, suffix, codec and names[0], lossless, pix_fmt),
    )


def _nearest(clip: ClipInfo, suffix: str, lossless: bool) -> list[str]:
    """Candidates, those first that take the clip's own format."""
    working = clip.working_format
    names = candidates(clip, suffix, lossless)
    return sorted(names, key=lambda name: encoded_format(name, working) != working)


def _untaken(clip: ClipInfo, pix_fmt: str | None) -> str:
    if pix_fmt is not None:
        return f"takes no {pix_fmt}"
    return f"takes no {clip.working_format} and nothing that holds as much"


def _checked_suffix(output: Path) -> str:
    suffix = output.suffix.lower()
    if suffix not in CONTAINERS:
        raise OutputError(
            f"{output.name} has no suffix of a film container that can be written.",
            f"Use one of {', '.join(CONTAINERS)}, or a picture a frame: frame_%05d.png.",
        )
    return suffix


def _checked_codec(codec: str) -> str:
    try:
        encoder = av.codec.Codec(codec, "w")
    except ValueError as error:
        raise OutputError(
            f"There is no encoder {codec}.",
            "Use libx264, libx265, libsvtav1, libvpx-vp9, ffv1 or another of FFmpeg's.",
        ) from error
    if encoder.type != "video":
        raise OutputError(f"{codec} encodes {encoder.type}, not film.", "Use libx264 or another.")
    return encoder.name  # 'h264' names libx264 too


def _check_rate(clip: ClipInfo, suffix: str) -> None:
    if suffix == ".avi" and avi_slots(clip) is None:
        raise OutputError(
            "avi cannot hold a film whose frame rate varies.", "Use .mkv, .mp4 or .mov."
        )
    if suffix in (".mkv", ".webm"):
        thousandths = np.rint(clip.pts * float(clip.time_base * 1000))
        if (np.diff(thousandths) < 1).any():
            raise OutputError(
                f"{suffix} knows no time finer than 1 ms, and the film has frames closer together.",
                "Use .mp4 or .mov.",
            )


def _settings(
    clip: ClipInfo,
    codec: str,
    crf: int | None,
    preset: str | None,
    lossless: bool,
    threads: int,
) -> EncoderSettings:
    if crf is not None:
        low, high = CRF_LIMITS.get(codec, (1, 0))
        if low > high:
            raise UsageError(f"{codec} knows no crf.", "Leave it out.")
        if not low <= crf <= high:
            raise UsageError(f"crf {crf} is out of range.", f"{codec} takes {low} to {high}.")
    if preset is not None and (taken := preset_refusal(codec, preset)):
        raise UsageError(f"{codec} has no preset {preset}.", taken)
    options, crf, preset = encoder_options(clip, codec, crf, preset, lossless, threads)
    return EncoderSettings(
        codec=codec,
        pixel_format=clip.working_format,
        crf=crf,
        preset=preset,
        lossless=lossless,
        threads=threads,
        options=tuple(sorted(options.items())),
    )


def _without_reordering(settings: EncoderSettings) -> EncoderSettings:
    """Settings for avi, which stores no pts: players show its frames as they come."""
    return replace(settings, options=tuple(sorted({**dict(settings.options), "bf": "0"}.items())))


def _remedy(
    clip: ClipInfo, suffix: str, codec: str | None, lossless: bool, pix_fmt: str | None
) -> str:
    working = clip.working_format
    if codec and encoded_format(codec, working, pix_fmt) is None:
        if fitting := formats_holding(codec, working):
            return f"Of those that hold the film {codec} takes {', '.join(fitting)}."
        holding = [name for name in codecs_for(suffix) if encoded_format(name, working, pix_fmt)]
        return f"Use {', '.join(holding)}." if holding else "Use ffv1 in .mkv."
    if codec and suffix in containers_for(codec):
        return "Leave the codec out, or use another."
    if codec:
        return f"Use {', '.join(containers_for(codec))} for {codec}, or leave the codec out."
    if suffix != ".mkv":
        return "Use .mkv, which holds nearly everything."
    return "Try lossless, or another codec." if not lossless else "Leave out lossless."


def _try(clip: ClipInfo, output: Path, settings: EncoderSettings) -> str | None:
    """Encode a few frames and put them into the container: a reason, or None if it went.

    The clip is that which the encoder gets.
    """
    if settings.codec in ("libx264", "libx265") and _cut_samples(clip):
        return "takes no odd size in this format"
    if settings.codec == "dnxhd" and (
        clip.width < _DNXHR_LEAST[0] or clip.height < _DNXHR_LEAST[1]
    ):
        return f"takes no picture smaller than {_DNXHR_LEAST[0]}x{_DNXHR_LEAST[1]}"
    frames = _trial_frames(clip, 3 if settings.lossless else 1)
    with trial_folder(output) as folder:
        segment = folder / f"try{segment_suffix(settings.codec)}"
        try:
            with SegmentWriter(segment, clip, settings) as writer:
                for frame in frames:
                    writer.write(frame)
            _try_container(segment, folder / f"try-out{output.suffix.lower()}")
            if settings.lossless and not _comes_back(segment, clip, frames):
                return "is not lossless"
        except UsageError:
            raise
        except OutputError as error:
            return str(error.__cause__ or error.sentence)
        except (av.error.FFmpegError, ValueError) as error:
            return str(error)
    return None


def _check_device(codec: str) -> None:
    """Say so if an encoder that failed is one of a GPU that is not there."""
    encoder = av.codec.Codec(codec, "w")
    for kind in [each.device_type for each in encoder.hardware_configs if each.is_supported][:1]:
        try:
            HWAccel(kind).create(encoder)
        except (av.error.FFmpegError, OSError) as error:
            raise MachineError(
                f"{codec} needs a GPU ({HWDeviceType(kind).name}) that this machine does not have,"
                " or whose driver is not installed.",
                "Leave `codec` out, or use libx264 or another of processors.",
            ) from error


def _cut_samples(clip: ClipInfo) -> bool:
    """Whether an odd width or height leaves half a chroma sample."""
    chroma = plane_shapes(clip.working_format, clip.width, clip.height)[1]
    halves = chroma[0] != clip.height, chroma[1] != clip.width
    return bool((halves[0] and clip.height % 2) or (halves[1] and clip.width % 2))


def _trial_frames(clip: ClipInfo, count: int) -> list[Frame]:
    """Noise, then the same but for a few samples by 1, which careless encoders pass over."""
    chance = np.random.default_rng(0)
    cb, cr = neutral_chroma(clip.working_format, clip.width, clip.height)
    shape = plane_shapes(clip.working_format, clip.width, clip.height)[0]
    luma: Plane = chance.integers(16, 1 << clip.depth - 1, shape).astype(cb.dtype)
    frames = []
    for index in range(min(count, clip.frame_count)):
        frames.append(Frame(index, int(clip.pts[index]), (luma, cb, cr)))
        luma = luma + (chance.random(shape) < 0.001).astype(cb.dtype)
    return frames


def _comes_back(segment: Path, clip: ClipInfo, frames: Sequence[Frame]) -> bool:
    with av.open(media_url(segment)) as container:
        decoded = list(container.decode(video=0))
    return len(decoded) == len(frames) and all(
        np.array_equal(unpack_luma(there, clip.full_range), here.luma)
        for there, here in zip(decoded, frames, strict=True)
    )


def _try_container(segment: Path, output: Path) -> None:
    with av.open(media_url(segment)) as source, av.open(media_url(output), "w") as target:
        film = source.streams.video[0]
        target.add_stream_from_template(film, opaque=True)
        target.start_encoding()
