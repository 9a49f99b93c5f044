"""Where a film can be taken apart without decoding it: legs that begin with keyframes."""

from __future__ import annotations

import itertools

from vidcolor.media.clip import ClipInfo

INDEXED = ("mov", "matroska", "mxf", "avi")
"""FFmpeg's names of containers that say where each keyframe lies; others are searched for it."""


def legs_of(clip: ClipInfo, frames: range, least: int, most: int) -> tuple[list[range], str]:
    """Frames in a row as legs, each of which can be decoded by itself.

    Args:
        clip: the film.
        frames: of it.
        least: frames that a leg has, but where all are fewer.
        most: that it may have.

    Returns:
        the legs, all of the frames as one where they cannot be taken apart; and why, else "".
    """
    if why := _hindrance(clip):
        return [frames], why
    made = [frames.start]
    for key in clip.keys or frames:
        if key - made[-1] >= least and frames.stop - key >= least:
            made.append(key)
    legs = list(itertools.starmap(range, itertools.pairwise([*made, frames.stop])))
    if max(map(len, legs)) > most:
        return [frames], "its keyframes lie far apart"
    return legs, ""


def _hindrance(clip: ClipInfo) -> str:
    if clip.files:
        return ""
    if clip.in_order:
        return "its frames have no time stamps of their own"
    if not clip.container.startswith(INDEXED):
        return "its container has no index"
    return "" if len(clip.keys) > 1 else "only its first frame is a keyframe"
