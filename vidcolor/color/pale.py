"""Whether what was coloured came out nearly grey, so that whoever it happens to hears of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidcolor.color.convert import NEUTRAL, FloatArray, Plane, SampleSpec, viewed_luma

# Mean distance of Cb and Cr from neutral, of 255. Of 439 photographs, 39 of them archival, none
# comes out below 1.8; of 80 that a network saw as noise none above 1.1.
LEAST_CHROMA = 1.5
# A picture whose luma varies less than this (standard deviation, of 255) says nothing.
LEAST_CONTRAST = 8.0
# Who asks for colour this pale is not told that it is (nor who says what colour a thing was).
LEAST_SATURATION = 0.5
STEP = 8
"""Of luma at full size every so manieth sample in a row and column will do."""


@dataclass
class Tally:
    """How much colour pictures got, of those that show something.

    Attributes:
        pictures: how many.
        chroma: their mean distances from neutral, summed up.
        damaged: pictures that could not be decoded, whatever they show.
    """

    pictures: int = 0
    chroma: float = 0.0
    damaged: int = 0

    def add(self, chroma: FloatArray, luma: Plane, spec: SampleSpec) -> None:
        """Count a picture.

        Args:
            chroma: float32 (2, h, w) on 0..255, neutral 128, as it is encoded.
            luma: (height, width) codes as `spec` says.
            spec: of luma.
        """
        if float(viewed_luma(luma[::STEP, ::STEP], spec).std()) >= LEAST_CONTRAST:
            self.pictures += 1
            self.chroma += float(np.abs(chroma - np.float32(NEUTRAL)).mean())

    def include(self, other: Tally) -> None:
        """Count what was counted elsewhere."""
        self.pictures += other.pictures
        self.chroma += other.chroma
        self.damaged += other.damaged

    def notes(self, saturation: float, kind: str) -> tuple[str, ...]:
        """What to say: nothing, or a sentence.

        Args:
            saturation: that was asked for.
            kind: of samples, such as "gray16le".
        """
        if not self.pictures or saturation < LEAST_SATURATION:
            return ()
        mean = self.chroma / self.pictures
        if mean >= LEAST_CHROMA:
            return ()
        return (
            f"it came out nearly grey (chroma {mean:.1f} of 255 on average, samples {kind});"
            " if it shows more than fog or print, please report it",
        )
