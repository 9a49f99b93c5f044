"""A still laid over the frame it shows: its colour there, and how far it is trusted.

It is trusted where luma agrees; its colour is taken to the film's light; where it ends and the
frame does not, the colour beside goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.hint import HALF
from vidcolor.color.srgb import LUMA_WEIGHTS, luma_and_chroma
from vidcolor.direct.agreement import agreement, normalised, window
from vidcolor.direct.alignment import align
from vidcolor.direct.direction import SmallLuma
from vidcolor.direct.reference import Still

FloatArray = NDArray[np.float32]

# The correlation of normalised luma around a pixel below which it is not trusted at all, and
# above which it is law.
LEAST_AGREEMENT, FULL_AGREEMENT = 0.35, 0.75
# A still shows a frame if they agree this far on average over what the still covers ...
FITS = 0.55
# ... and if so much of the frame, at least, is more sure than not.
LEAST_SURE = 0.005
# So near to a still's own edge, as a share of its short side, editors fill in what they shifted:
# there luma has to agree pixel by pixel, within so much of 255 once the still is lit as the film.
EDGE_SHARE, EDGE_RESIDUAL = 0.06, 12.0
# The frame goes on where such a still ends: there the colour of the nearest trusted pixels of the
# same luma goes on, too. Sigmas in pixels of half the working size and in units of 255, and how
# sure that is.
GOES_ON, SAME_LUMA, GOES_ON_TRUST = 3.0, 10.0, 0.9
# What a curve of relighting may be.
GAMMAS = (0.4, 2.5)
# A still's colour is finer than what the network sees: of so many times the working size.
FINER = 1.25


@dataclass(frozen=True, eq=False)
class Registered:
    """A still as its frame sees it.

    Attributes:
        chroma: float32 (2, h, w), `FINER` than the working size, 0..255.
        confidence: float32 (height / 2, width / 2), 0..1: alpha times agreement.
        agreement: mean agreement of luma over what the still covers, -1..1.
    """

    chroma: FloatArray
    confidence: FloatArray
    agreement: float

    @property
    def fits(self) -> bool:
        """Whether the still shows this frame."""
        return self.agreement >= FITS and bool((self.confidence > 0.5).mean() > LEAST_SURE)


def register(still: Still, luma: SmallLuma) -> Registered:
    """Lay a still over a frame.

    Args:
        still: any size and aspect.
        luma: uint8 (height, width) of the frame at working size.
    """
    height, width = luma.shape
    place = align(still, luma)
    cover = cv2.remap(still.alpha, place, None, cv2.INTER_LINEAR)
    brought = _at(still.luma.astype(np.float32), place)
    near = agreement(normalised(luma), normalised(brought), window(luma.shape))
    trusted = np.clip((near - LEAST_AGREEMENT) / (FULL_AGREEMENT - LEAST_AGREEMENT), 0, 1)
    relit = _relighting(brought, luma, cover * trusted)
    edge = _at_edge(still, place)
    trusted = np.where(edge, trusted * _same_light(relit(_at(still.rgb, place)), luma), trusted)
    finely = cv2.resize(place, (round(FINER * width), round(FINER * height)))
    chroma = luma_and_chroma(relit(_at(still.rgb, np.asarray(finely, np.float32))))[1]
    half = width // HALF, height // HALF
    sure = np.asarray(cv2.resize(cover * trusted, half, interpolation=cv2.INTER_AREA), np.float32)
    covered = float(cover.sum())
    agreed = float((near * cover).sum() / covered) if covered else -1.0
    opaque = _at(still.alpha, place)
    missing = cv2.resize(edge * opaque, half, interpolation=cv2.INTER_AREA) * (1 - sure)
    return Registered(*_going_on(chroma, sure, np.asarray(missing, np.float32), luma), agreed)


def _going_on(
    chroma: FloatArray, sure: FloatArray, missing: FloatArray, luma: SmallLuma
) -> tuple[FloatArray, FloatArray]:
    """Chroma (2, h, w) and confidence, both with what is missing at the still's edge filled in.

    Args:
        chroma: as registered.
        sure: its confidence, (height, width).
        missing: where it is to be filled in, 0..1, of the same size.
        luma: of the frame, of any size.
    """
    if not (missing > 0).any():
        return chroma, sure
    height, width = sure.shape
    reach = round(2 * GOES_ON)
    light = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    planes = [cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) * sure for p in chroma]
    border = cv2.BORDER_CONSTANT
    wide = [
        cv2.copyMakeBorder(p, reach, reach, reach, reach, border) for p in (light, sure, *planes)
    ]
    sums = np.zeros((3, height, width), np.float32)
    for y in range(2 * reach + 1):
        for x in range(2 * reach + 1):
            there = [plane[y : y + height, x : x + width] for plane in wide]
            away = ((y - reach) ** 2 + (x - reach) ** 2) / GOES_ON**2
            weight = np.exp(-0.5 * (((there[0] - light) / SAME_LUMA) ** 2 + away))
            sums += weight * np.stack(there[1:])
    heard = np.minimum(1, sums[0])
    share = missing * heard
    size = chroma.shape[2], chroma.shape[1]
    large = cv2.resize(share, size)
    filled = np.stack([cv2.resize(p / np.maximum(sums[0], 1e-6), size) for p in sums[1:]])
    return chroma + large * (filled - chroma), np.maximum(sure, GOES_ON_TRUST * share)


def _at(plane: FloatArray, place: FloatArray) -> FloatArray:
    """A plane of the still at its places float32 (h, w, 2), smoothed before if it grows smaller."""
    scale = max(plane.shape[0] / place.shape[0], plane.shape[1] / place.shape[1])
    soft = cv2.GaussianBlur(plane, (0, 0), 0.45 * scale) if scale > 1.2 else plane
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(soft, place, None, cv2.INTER_CUBIC, borderMode=border), np.float32)


def _at_edge(still: Still, place: FloatArray) -> NDArray[np.bool_]:
    """Pixels of the frame that lie near the edge of the still."""
    tall, wide = still.luma.shape
    margin = EDGE_SHARE * min(tall, wide)
    x, y = place[..., 0], place[..., 1]
    inner = (x > margin) & (x < wide - 1 - margin) & (y > margin) & (y < tall - 1 - margin)
    return np.asarray(~inner)


def _same_light(lit: FloatArray, luma: SmallLuma) -> FloatArray:
    """How well each pixel's luma agrees by itself, 0..1."""
    light = lit @ LUMA_WEIGHTS
    squared = cv2.GaussianBlur((light - luma) ** 2, (0, 0), 0.8)
    return np.asarray(np.exp(-squared / EDGE_RESIDUAL**2), np.float32)


def _relighting(
    brought: FloatArray, luma: SmallLuma, sure: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    """What takes the still's colour, float32 RGB on 0..255, to the film's light.

    An editor's gamma or exposure changes chroma with luma. The power law that best takes the
    still's luma to the film's is applied to its red, green and blue.
    """
    used = (sure > 0.8) & (brought > 12) & (brought < 243) & (luma > 12) & (luma < 243)
    if int(used.sum()) < 100:
        return _as_it_is
    given = np.log(brought[used] / 255)
    wanted = np.log(luma[used].astype(np.float32) / 255)
    slope, offset = 1.0, 0.0
    kept = np.ones(len(given), bool)
    for _ in range(3):
        spread = float(given[kept].var())
        if spread < 1e-3:
            return _as_it_is
        slope = float(np.cov(given[kept], wanted[kept])[0, 1]) / spread
        offset = float(wanted[kept].mean() - slope * given[kept].mean())
        miss = np.abs(wanted - slope * given - offset)
        kept = miss <= max(0.02, 2.5 * float(np.median(miss)))
    if not GAMMAS[0] <= slope <= GAMMAS[1]:
        return _as_it_is

    def relit(rgb: FloatArray) -> FloatArray:
        lit = 255 * np.exp(offset) * (np.maximum(rgb, 0) / 255) ** slope
        return np.asarray(np.clip(lit, 0, 255), np.float32)

    return relit


def _as_it_is(rgb: FloatArray) -> FloatArray:
    return rgb
