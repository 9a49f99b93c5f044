"""Where training pictures come from: photographs, and frames of colour clips."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import InputError
from vidcolor.media.films import film_stream
from vidcolor.media.source import media_url
from vidcolor.media.suffixes import may_be_film

STORED_SHORT_SIDE = 256
LEAST_SIDE = 64
APART_S = 2.0
"""Seconds between two frames of a clip: nearer ones show the same."""
MOST_FRAMES = 300
FAR_APART_S = 10.0
"""Where keyframes are further apart than this, the frames between are decoded as well."""
HD_HEIGHT = 720

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Found:
    """What a file gave.

    Attributes:
        pictures: uint8 (height, width, 3) each: luma, Cb, Cr of full-range BT.601, short side at
            most 256.
        digest: sha256 of the file's bytes.
        problem: why there are no pictures; empty where there are.
    """

    pictures: tuple[Picture, ...]
    digest: str
    problem: str = ""


def read(file: Path) -> Found:
    """Decode a file; a bad one gives no pictures and says why."""
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        frames = list(_frames(file)) if may_be_film(file) else _still(file)
    except OSError as problem:
        return Found((), hashlib.sha256(str(file).encode()).hexdigest(), why(file, problem))
    if not frames:
        return Found((), digest, "cannot be decoded")
    large = [frame for frame in frames if min(frame.shape[:2]) >= LEAST_SIDE]
    if not large:
        return Found((), digest, f"is smaller than {LEAST_SIDE} pixels")
    return Found(tuple(_stored(frame) for frame in large), digest)


def why(path: Path, problem: OSError) -> str:
    """Why something cannot be read, in words that go behind a file's name or a number."""
    if problem.errno in (errno.ENOENT, errno.ELOOP):
        return "is a broken link" if path.is_symlink() else "is gone"
    if problem.errno in (errno.EACCES, errno.EPERM):
        return "may not be read"
    return problem.strerror or str(problem)


def _still(file: Path) -> list[NDArray[np.uint8]]:
    content = np.fromfile(file, np.uint8)
    try:
        bgr = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None
    except cv2.error:  # A picture that claims to have more pixels than OpenCV allows.
        return []
    return [] if bgr is None else [np.asarray(bgr, np.uint8)]


def _stored(bgr: NDArray[np.uint8]) -> Picture:
    short = min(bgr.shape[:2])
    if short > STORED_SHORT_SIDE:
        scale = STORED_SHORT_SIDE / short
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)[..., [0, 2, 1]])


def _frames(file: Path) -> Iterator[NDArray[np.uint8]]:
    """Frames of a clip, BGR; none where it cannot be decoded."""
    import av

    try:
        with av.open(media_url(file)) as container:
            seconds = (container.duration or 0) / 1e6
            apart = max(APART_S, seconds / MOST_FRAMES)
            found = list(_spaced(container, file, "NONKEY", apart))
        if seconds > max(FAR_APART_S, 2 * apart) * len(found):
            with av.open(media_url(file)) as container:
                found = list(_spaced(container, file, "DEFAULT", apart))
    except (av.error.FFmpegError, InputError):
        return
    yield from found[:MOST_FRAMES]


def _spaced(container: Any, file: Path, skipped: str, apart: float) -> Iterator[NDArray[np.uint8]]:
    stream: Any = film_stream(container, file)
    stream.thread_type = "AUTO"
    stream.codec_context.skip_frame = skipped
    after = float("-inf")
    for frame in container.decode(stream):
        seconds = frame.time if frame.time is not None else after + apart
        if seconds >= after + apart:
            after = seconds
            yield _bgr(frame)


def _bgr(frame: Any) -> NDArray[np.uint8]:
    from av.video.reformatter import Colorspace

    # Where a clip does not say, HD is BT.709 and the rest BT.601, as players assume.
    known = {1: Colorspace.ITU709, 5: Colorspace.ITU601, 6: Colorspace.ITU601}
    guess = Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601
    matrix = known.get(int(frame.colorspace), guess)
    scale = STORED_SHORT_SIDE / min(frame.width, frame.height)
    width, height = frame.width, frame.height
    if scale < 1:
        width, height = round(width * scale), round(height * scale)
    bgr = frame.reformat(width, height, "bgr24", src_colorspace=matrix, interpolation="AREA")
    return np.ascontiguousarray(np.rot90(bgr.to_ndarray(), round(frame.rotation / 90)))


def names(problems: Iterable[str]) -> str:
    """How often each problem occurs: "61 is grey, 1 cannot be decoded"."""
    counts: dict[str, int] = {}
    for problem in problems:
        counts[problem] = counts.get(problem, 0) + 1
    return ", ".join(f"{count} {problem}" for problem, count in counts.items())
