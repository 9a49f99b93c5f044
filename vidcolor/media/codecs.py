"""Which encoder goes into which container, and the options each is opened with: a table."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from io import BytesIO

import av

from vidcolor.media.clip import ClipInfo
from vidcolor.media.fields import shown_first

_NVENC = ("h264_nvenc", "hevc_nvenc", "av1_nvenc")
"""Encoders in NVIDIA's GPUs. Their crf is called cq."""

CRF_LIMITS = {
    "libx264": (0, 51),
    "libx265": (0, 51),
    "libsvtav1": (1, 63),
    "libvpx-vp9": (0, 63),
    "libvpx": (4, 63),
    **dict.fromkeys(_NVENC, (1, 51)),
}
"""Least and greatest crf of encoders that have one."""

_BY_QUANTISER = ("mjpeg", "mpeg4", "mpeg2video", "mpeg1video")
"""Encoders whose constant quality is FFmpeg's qscale."""
_FINEST = 2
"""The quantiser they are given, the least that FFmpeg allows by itself."""
_LAMBDAS = 118
"""In one step of it, FFmpeg's FF_QP2LAMBDA."""
_BITS_A_PIXEL = 1
"""What encoders spend of which nothing is known; FFmpeg's default is 200 kb/s for any picture."""
_VP8_BITS_A_PIXEL = 4
"""What libvpx may spend at most for the quality that its crf asks for."""

_DEFAULT_CRF = {
    "libx264": 17,
    "libx265": 18,
    "libsvtav1": 24,
    "libvpx-vp9": 24,
    "libvpx": 10,
    **dict.fromkeys(_NVENC, 19),
}
_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)
_PRESET_NAMES = {
    "libx264": _PRESETS,
    "libx265": _PRESETS,
    **dict.fromkeys(_NVENC, ("p1", "p2", "p3", "p4", "p5", "p6", "p7")),
}
_PRESET_NUMBERS = {"libsvtav1": (0, 13), "libvpx-vp9": (0, 8)}
_DEFAULT_PRESET = {"libx264": "veryfast", "libx265": "medium", "libsvtav1": "7"}
_HOLDS = {
    "libx264": (".mp4", ".mov", ".m4v", ".mkv", ".avi", ".nut"),
    "libx265": (".mp4", ".mov", ".m4v", ".mkv", ".nut"),
    "libsvtav1": (".mp4", ".mkv", ".webm"),
    "libvpx-vp9": (".mp4", ".mkv", ".webm"),
    "libvpx": (".mkv", ".webm"),
    "ffv1": (".mkv", ".avi", ".nut"),
    "prores_ks": (".mov", ".mkv"),
    "prores": (".mov", ".mkv"),
    "dnxhd": (".mov",),
    "mpeg4": (".mp4", ".mov", ".m4v", ".mkv", ".avi"),
    "mjpeg": (".mp4", ".mov", ".mkv", ".avi"),
}
_FORMATS = {".mp4": "mp4", ".mkv": "matroska", ".avi": "avi"}
"""FFmpeg's names of containers that may take encoders which nobody has tried here."""
_ORDER = ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1")
_LOSSLESS = {"libx264", "libx265", "libvpx-vp9", "ffv1"}
"""libsvtav1's lossless=1 is not among them: at 10 bits luma came back up to 3 off."""
_HDR_TRANSFERS = (16, 18)
_MP4 = (".mp4", ".mov", ".m4v")
_TELL_ASPECT = {"libx264", "libx265", "mpeg4", "mpeg2video"}
"""Encoders whose streams tell the pixel aspect themselves."""
_CAPTIONED = {"libx264", "libx265", "mpeg2video"}
"""Encoders that write the closed captions that frames carry."""


def containers_for(codec: str) -> tuple[str, ...]:
    """Suffixes whose container holds an encoder's film; .mkv where nobody has said."""
    told = (suffix for suffix, name in _FORMATS.items() if codec in _held_by(name))
    return _HOLDS.get(codec) or tuple(told) or (".mkv",)


def codecs_for(suffix: str) -> tuple[str, ...]:
    """Encoders whose film a container holds."""
    return tuple(codec for codec, suffixes in _HOLDS.items() if suffix in suffixes)


def candidates(clip: ClipInfo, suffix: str, lossless: bool) -> list[str]:
    """Encoders worth trying for a clip in a container, the best first."""
    order = list(_ORDER)
    if clip.transfer in _HDR_TRANSFERS:
        order = ["libx265", "libsvtav1", "libx264", "ffv1"]
    elif suffix == ".webm":
        order = ["libvpx-vp9", "libsvtav1"]
    elif min(clip.width, clip.height) < 64:
        order.remove("libsvtav1")
    if clip.sample_aspect_ratio != 1 and suffix == ".mkv":
        order.sort(key=lambda codec: _loses_aspect(codec, suffix))
    return [c for c in order if suffix in _HOLDS[c] and (not lossless or c in _LOSSLESS)]


def _loses_aspect(codec: str, suffix: str) -> bool:
    """Whether neither stream nor container says it: PyAV cannot tell the muxers but mp4's."""
    return suffix not in _MP4 and codec not in _TELL_ASPECT


def _keeps_hdr10(clip: ClipInfo, codec: str) -> bool:
    return codec == "libsvtav1" or (codec == "libx265" and clip.transfer == 16)


def losses(clip: ClipInfo, codec: str, suffix: str) -> tuple[str, ...]:
    """What the chosen encoder and container cannot carry, as sentences."""
    said = []
    if clip.sample_aspect_ratio != 1 and _loses_aspect(codec, suffix):
        said.append(
            f"{suffix} with {codec} does not keep the pixel aspect {clip.sample_aspect_ratio}."
        )
    if clip.hdr and not _keeps_hdr10(clip, codec):
        said.append(
            f"{codec} does not keep HDR10's description of the mastering display and light levels."
        )
    if clip.captions and codec not in _CAPTIONED:
        said.append(f"Closed captions are left out, since {codec} cannot hold them.")
    if clip.interlaced and suffix == ".webm":
        said.append("webm does not keep the order of fields; the film is marked progressive.")
    if suffix == ".nut" and codec == "ffv1" and clip.full_range:
        said.append("nut with ffv1 does not say that the film has the full range of values.")
    if clip.display_matrix is not None and suffix in (".avi", ".nut"):
        said.append(f"{suffix} does not keep that the film is shown turned or mirrored.")
    if clip.chapters and suffix == ".avi":
        said.append(f"avi holds no chapters; {clip.chapters} are left out.")
    return tuple(said)


def avi_slots(clip: ClipInfo) -> list[int] | None:
    """The place of each frame on a grid of the clip's rate; None if they don't lie on one."""
    ticks = 1 / (clip.average_rate * clip.time_base)
    exact = [(int(p) - int(clip.pts[0])) / ticks for p in clip.pts]
    slots = [round(place) for place in exact]
    near = all(
        abs(place - slot) <= Fraction(3, 10) for place, slot in zip(exact, slots, strict=True)
    )
    return slots if near and len(set(slots)) == len(slots) else None


def segment_suffix(codec: str) -> str:
    """The container that holds an encoder's segments with exact time stamps."""
    if codec.startswith(("prores", "dnxhd")):
        return ".mov"
    return ".mp4" if codec in _held_by("mp4") and codec != "ffv1" else ".nut"


@cache
def _held_by(container_format: str) -> frozenset[str]:
    """Encoders whose film FFmpeg puts into a container, as it says itself."""
    with av.open(BytesIO(), "w", format=container_format) as container:
        return frozenset(container.supported_codecs)


def preset_refusal(codec: str, preset: str) -> str | None:
    """What presets an encoder takes, where this is none of them; else None."""
    if codec in _PRESET_NUMBERS:
        low, high = _PRESET_NUMBERS[codec]
        good = preset.isdigit() and low <= int(preset) <= high
        return None if good else f"It takes {low} to {high}; higher is faster."
    if names := _PRESET_NAMES.get(codec):
        return None if preset in names else f"It takes {', '.join(names)}."
    if codec in _HOLDS:
        return f"{codec} knows no presets; leave it out."
    return None


def encoder_options(
    clip: ClipInfo,
    codec: str,
    crf: int | None,
    preset: str | None,
    lossless: bool,
    threads: int,
) -> tuple[dict[str, str], int | None, str | None]:
    """The options to open an encoder with, and the crf and preset that they amount to.

    The clip is that which the encoder gets (`formats.as_encoded`).
    """
    if lossless:
        crf = None
    elif crf is None:
        crf = _DEFAULT_CRF.get(codec)
    preset = preset or _DEFAULT_PRESET.get(codec)
    options = {"preset": preset} if preset else {}
    if crf is not None:
        options["crf"] = str(crf)
    options |= _LOSSLESS_OPTIONS.get(codec, {}) if lossless else {}
    if codec == "libx264" and clip.interlaced:
        # FFmpeg tells it with the first frame, and it heeds that some frames later.
        options["x264-params"] = "tff=1" if shown_first(clip.field_order) == "top" else "bff=1"
    if codec == "libx265":
        options |= {"x265-params": _x265(clip, lossless), "a53cc": "1"}
    elif codec == "libsvtav1" and clip.hdr:
        options["svtav1-params"] = _svtav1(clip)
    elif codec == "libvpx-vp9":
        options |= {"b": "0", "row-mt": "1", "deadline": "good"}
        options["cpu-used"] = options.pop("preset", "3")
    elif codec in _NVENC and crf is not None:
        options |= {"rc": "vbr", "cq": options.pop("crf")}
    elif codec in _BY_QUANTISER:
        options |= {"flags": "+qscale", "global_quality": str(_FINEST * _LAMBDAS)}
    elif codec == "libvpx" or codec not in _HOLDS:
        bits = _VP8_BITS_A_PIXEL if codec == "libvpx" else _BITS_A_PIXEL
        options["b"] = str(round(clip.width * clip.height * clip.average_rate * bits))
    elif codec == "ffv1":
        options |= {"level": "3", "slicecrc": "1"}
        if clip.depth > 8:
            options |= {"coder": "1"}
    elif codec == "dnxhd":
        options["profile"] = _DNXHR[clip.working_format]
    if clip.chroma_location != "left" and codec in CRF_LIMITS and clip.depth <= 12:
        options["chroma_sample_location"] = clip.chroma_location
    return options, crf, preset


_LOSSLESS_OPTIONS = {
    # crf 0 is lossless for 8 bits only; and fast skipping of blocks drops differences of 1.
    "libx264": {"qp": "0", "fast-pskip": "0"},
    "libvpx-vp9": {"lossless": "1"},
}


_DNXHR = {"yuv422p": "dnxhr_hq", "yuv422p10le": "dnxhr_hqx", "yuv444p10le": "dnxhr_444"}
"""The profiles of any picture size, by format; DNxHD's own know a few sizes and rates only."""


def _x265(clip: ClipInfo, lossless: bool) -> str:
    parts = ["log-level=none", "frame-threads=2"]
    parts += ["lossless=1"] if lossless else []
    parts += ["hdr10=1", *clip.hdr] if clip.hdr and clip.transfer == 16 else []
    return ":".join(parts)


def _svtav1(clip: ClipInfo) -> str:
    """The same as libx265's, whose units are 0.00002 and 0.0001 candela, in SVT-AV1's own."""
    given = dict(option.split("=", 1) for option in clip.hdr)
    parts = []
    if display := given.get("master-display"):
        *points, light = re.findall(r"[A-Z]+\([^)]*\)", display)
        scaled = [_divided(point, 50000) for point in points] + [_divided(light, 10000)]
        parts.append(f"mastering-display={''.join(scaled)}")
    if level := given.get("max-cll"):
        parts.append(f"content-light={level}")
    return ":".join(parts)


def _divided(text: str, unit: int) -> str:
    return re.sub(r"\d+", lambda number: f"{int(number[0]) / unit:.6f}", text)
