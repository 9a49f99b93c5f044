"""Room on the disk: what a film will need, estimated before the work begins."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from vidcolor.errors import OutputError
from vidcolor.run import picture_files
from vidcolor.run.folder import Record
from vidcolor.run.plan import Plan

# Bytes a pixel, near the low end of what real films took (x264 at crf 17: 0.005 to 0.047, median
# 0.022; lossless: 0.03 to 0.57, median 0.18), so that only what cannot end well is refused; a disk
# that fills up all the same ends with a clear error and a job to go on with.
LOSSY, MEZZANINE, LOSSLESS = 0.006, 0.15, 0.1
_LOSSY_CRF, _CRF_HALVES = 17, 6
_MEZZANINE_CODECS = ("prores", "prores_ks", "dnxhd", "mjpeg")
_LOSSLESS_CODECS = ("ffv1",)


def film_bytes(plan: Plan, done: Sequence[Record] = ()) -> int:
    """About how large the film's encoded picture will be, in bytes.

    Args:
        plan: what is to be done.
        done: finished segments; where there are any, the rest is taken to be like them.
    """
    if done:
        return sum(r.size for r in done) * plan.count // sum(r.count for r in done)
    return round(plan.count * plan.clip.width * plan.clip.height * _bytes_a_pixel(plan))


def _bytes_a_pixel(plan: Plan) -> float:
    encoder = plan.encoder
    if encoder.pictures:
        return picture_files.bytes_a_pixel(plan)
    if encoder.lossless or encoder.codec in _LOSSLESS_CODECS:
        return LOSSLESS
    if encoder.codec in _MEZZANINE_CODECS:
        return MEZZANINE
    above = max(0, (encoder.crf or _LOSSY_CRF) - _LOSSY_CRF)
    return float(LOSSY * 0.5 ** (above / _CRF_HALVES))


def needed_bytes(plan: Plan, done: Sequence[Record]) -> int:
    """About how much a job will yet take: its segments, and the film that is joined from them."""
    times = 1 if plan.encoder.pictures else 2
    return times * film_bytes(plan, done) - sum(record.size for record in done)


def check_space(plan: Plan, done: Sequence[Record]) -> None:
    """Refuse a job that the disk has no room for: its segments and the film joined from them.

    Args:
        plan: what is to be done.
        done: segments of an earlier run.

    Raises:
        OutputError: there is less room than about needed.
    """
    of_pictures, needed = plan.encoder.pictures, needed_bytes(plan, done)
    folder = plan.output.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        more = "" if of_pictures else " (its segments, and once more when they are joined)"
        raise OutputError(
            f"{folder} has {size_words(free)} free, and the film needs about {size_words(needed)}"
            f"{more}.",
            "Free some space, or choose an output on another disk.",
        )


def size_words(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
