"""Check that a coloured film is its source in colour: `python check_film.py SOURCE RESULT`."""

from __future__ import annotations

import hashlib
import sys
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np


class Film(NamedTuple):
    """What is compared."""

    stamps: list[Fraction]
    sound: str
    color: float


def look(path: str) -> Film:
    """Read a film by PyAV alone."""
    with av.open(path) as container:
        stamps, color = [], []
        for frame in container.decode(video=0):
            stamps.append(frame.pts * Fraction(frame.time_base))
            chroma = frame.to_ndarray(format="yuv444p")[1:].astype(int) - 128
            color.append(np.abs(chroma).mean())
    digest = hashlib.sha256()
    with av.open(path) as container:
        if container.streams.audio:
            for packet in container.demux(audio=0):
                digest.update(bytes(packet))
    return Film(stamps, digest.hexdigest(), float(np.mean(color)))


source, result = look(sys.argv[1]), look(sys.argv[2])
assert result.stamps == source.stamps, "the time stamps differ"
assert result.sound == source.sound, "the sound differs"
assert source.color < 1 < result.color, f"grey: {source.color:.2f} to {result.color:.2f}"
print(f"{len(result.stamps)} frames, same stamps, same sound, mean chroma {result.color:.2f}")
