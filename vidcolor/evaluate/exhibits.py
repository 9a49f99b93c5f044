"""What a page shows besides figures: chosen pictures, film strips, figures over time."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import tee

import cv2
import numpy as np

from vidcolor.color.convert import NEUTRAL
from vidcolor.color.srgb import Floats, Picture, to_picture
from vidcolor.evaluate.clips import ClipResult
from vidcolor.evaluate.coloring import ClipColorings, Luma, enlarge
from vidcolor.evaluate.flow import MotionSource
from vidcolor.evaluate.names import GREY
from vidcolor.evaluate.pictures import PictureScores
from vidcolor.evaluate.samples import Sample

SHOWN = 6
"""Pictures of a kind on a page."""
THUMBNAIL = 220
STRIP_FRAMES = 6
_STRIP_STEP = 6
STRIP_LENGTH = STRIP_FRAMES * _STRIP_STEP
"""Frames of a clip from which a strip is taken."""


@dataclass(frozen=True)
class Still:
    """A picture as a data URL, and what it shows."""

    url: str
    label: str


@dataclass(frozen=True)
class Exhibit:
    """One picture of a row: input, result and truth, and what is to be said."""

    caption: str
    pictures: tuple[Still, ...]


@dataclass(frozen=True)
class Sheet:
    """Exhibits under a heading, with a sentence on how they were chosen."""

    title: str
    words: str
    exhibits: tuple[Exhibit, ...]


@dataclass
class Exhibits:
    """All that a page shows of an evaluation.

    Attributes:
        sheets: of pictures.
        strips: of clips, by the clip's name: one for each model.
        clips: figures of clips, for their course over time.
        shown: the row that sheets and strips are of.
    """

    shown: str = ""
    sheets: list[Sheet] = field(default_factory=list)
    strips: dict[str, list[list[Still]]] = field(default_factory=dict)
    clips: list[ClipResult] = field(default_factory=list)


def data_url(picture: Picture, width: int = THUMBNAIL) -> str:
    """A picture as JPEG within text, at most `width` wide."""
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    small = picture
    if width < picture.shape[1]:
        small = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    options = [cv2.IMWRITE_JPEG_QUALITY, 82]
    encoded = cv2.imencode(".jpg", np.ascontiguousarray(small[..., ::-1]), options)[1]
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


def _colorless(luma: Luma) -> Picture:
    chroma = np.full((2, *luma.shape), NEUTRAL, np.float32)
    return to_picture(luma.astype(np.float32), chroma)


def picture_sheets(
    samples: Sequence[Sample],
    results: Sequence[Picture],
    scores: Mapping[str, PictureScores],
    row: str,
) -> list[Sheet]:
    """Best, median and worst pictures of a row by PSNR over grey; where closeness disagrees."""
    gain = scores[row].psnr - scores[GREY].psnr
    order = np.argsort(-gain)
    middle = max(0, len(order) // 2 - SHOWN // 2)
    chosen = {
        "Best": order[:SHOWN],
        "Median": order[middle : middle + SHOWN],
        "Worst": order[::-1][:SHOWN],
    }
    words = f"By PSNR over grey's, of {row}."
    sheets = []
    for title, places in chosen.items():
        shown = (_exhibit(samples[i], results[i], row, f"{gain[i]:+.1f} dB") for i in places)
        sheets.append(Sheet(title, words, tuple(shown)))
    return [*sheets, *_disagreements(samples, results, scores, row)]


def _disagreements(
    samples: Sequence[Sample],
    results: Sequence[Picture],
    scores: Mapping[str, PictureScores],
    row: str,
) -> list[Sheet]:
    """Pictures where closeness and Delta E take different sides between the row and grey."""
    closer = scores[row].closeness - scores[GREY].closeness
    better = scores[GREY].delta_e - scores[row].delta_e
    against = np.flatnonzero((closer < 0) & (better > 0))
    strength = np.minimum(-closer[against] * 100, better[against])
    order = against[np.argsort(-strength)]
    opposite = int(((closer > 0) & (better < 0)).sum())
    words = (
        f"Closeness calls grey better and Delta E calls {row} better in {len(against)} of"
        f" {len(samples)} pictures; the other way round in {opposite}."
    )
    exhibits = tuple(
        _exhibit(
            samples[i], results[i], row, f"closeness {closer[i]:+.2f}, Delta E {-better[i]:+.1f}"
        )
        for i in order[:SHOWN]
    )
    return [Sheet("Where closeness disagrees", words, exhibits)]


def _exhibit(sample: Sample, result: Picture, row: str, words: str) -> Exhibit:
    pictures = (("input", _colorless(sample.seen)), (row, result), ("truth", sample.truth))
    shown = tuple(Still(data_url(picture), label) for label, picture in pictures)
    return Exhibit(f"{sample.name}: {words}", shown)


class Strip:
    """Collects thumbnails of one row of a clip while it is scored.

    Args:
        row: the row, as the colourings call it.
        model: whose row it is.
    """

    def __init__(self, row: str, model: str) -> None:
        self.row = row
        self.model = model
        self._pictures: dict[int, str] = {}

    def stills(self, clip: str, times: Sequence[float | None]) -> list[Still]:
        """What was collected, labelled.

        Args:
            clip: its name.
            times: when its first frames begin, in seconds from the first; None where unknown.
        """
        way = self.row.removeprefix(f"{self.model}: ")
        whose = f"{clip}, {self.model}: {way}"
        return [
            Still(url, f"{whose}, frame {frame}{_at(times[frame])}")
            for frame, url in self._pictures.items()
        ]

    def along(self, colorings: ClipColorings) -> ClipColorings:
        """The same colourings; frames of the row are looked at as they pass."""

        def watched(luma: Iterator[Luma], motion: MotionSource) -> Mapping[str, Iterator[Floats]]:
            given, guide = tee(luma)
            rows = dict(colorings(given, motion))
            if self.row in rows:
                rows[self.row] = self._watch(rows[self.row], guide)
            return rows

        return watched

    def _watch(self, chroma: Iterator[Floats], luma: Iterator[Luma]) -> Iterator[Floats]:
        for index, (planes, frame) in enumerate(zip(chroma, luma, strict=False)):
            if index % _STRIP_STEP == 0 and index < STRIP_LENGTH:
                result = to_picture(frame.astype(np.float32), enlarge(planes, frame))
                self._pictures[index] = data_url(result)
            yield planes


def _at(seconds: float | None) -> str:
    return "" if seconds is None else f" at {seconds:.2f} s"
