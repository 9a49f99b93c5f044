"""Room on the disk: what a film will need, estimated before the work begins."""

from __future__ import annotations

import shutil

from vidcolor.errors import OutputError
from vidcolor.run.plan import Plan

# Bytes a pixel, near the low end of what real films took, so that only what cannot end well is
# refused; a disk that fills up all the same ends with a clear error and a job to go on with.
LOSSY, MEZZANINE, LOSSLESS = 0.012, 0.25, 0.4
_MEZZANINE_CODECS = ("prores", "prores_ks", "dnxhd", "mjpeg")
_LOSSLESS_CODECS = ("ffv1",)
_GB = 1e9


def film_bytes(plan: Plan) -> int:
    """About how large the film's encoded picture will be, in bytes."""
    encoder = plan.encoder
    if encoder.lossless or encoder.codec in _LOSSLESS_CODECS:
        each = LOSSLESS * (2 if plan.clip.depth > 8 else 1)
    else:
        each = MEZZANINE if encoder.codec in _MEZZANINE_CODECS else LOSSY
    return round(plan.count * plan.clip.width * plan.clip.height * each)


def check_space(plan: Plan, already: int) -> None:
    """Refuse a job that the disk has no room for: its segments and the film joined from them.

    Args:
        plan: what is to be done.
        already: bytes that finished segments of an earlier run take.

    Raises:
        OutputError: there is less room than about needed.
    """
    needed = max(0, 2 * film_bytes(plan) - already)
    folder = plan.output.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{folder} has {free / _GB:.1f} GB free, and the film needs about"
            f" {needed / _GB:.1f} GB (its segments, and once more when they are joined).",
            "Free some space, or choose an output on another disk.",
        )
