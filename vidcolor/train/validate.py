"""Figures, calibration and sheets on held-out pictures, for the run's own log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from vidcolor.infer.predictor import network_input, working_shape
from vidcolor.network.config import Calibration
from vidcolor.network.generator import Decoder
from vidcolor.train.data import PictureStore
from vidcolor.train.samples import quarter_chroma
from vidcolor.train.sources import Picture

SHORT_SIDE = 192
SHEET_PICTURES = 12
SMALL_ERROR = 8.0
CALIBRATION_KNOTS = 16

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Validation:
    """Validation figures, at a quarter of the size (not the figures of `vidcolor evaluate`).

    Attributes:
        error: mean Euclidean chroma error over all pixels, units of 255.
        grey_error: the same of neutral chroma.
        gain_db: PSNR of chroma over neutral's.
        strength: mean distance from neutral, as a share of the truth's.
        calibration: table fitted on these pictures.
        sheet: uint8 BGR, rows of grey, predicted, true pictures.
    """

    error: float
    grey_error: float
    gain_db: float
    strength: float
    calibration: Calibration
    sheet: NDArray[np.uint8]

    def figures(self) -> dict[str, float]:
        """The numbers alone, by name."""
        names = ("error", "grey_error", "gain_db", "strength")
        return {name: getattr(self, name) for name in names}


@torch.inference_mode()
def validate(decoder: Decoder, store: PictureStore, chosen: Sequence[int]) -> Validation:
    """Colour pictures of the store and compare them with what they are.

    Args:
        decoder: in evaluation mode, on any device.
        chosen: indexes of the pictures.
    """
    device = next(decoder.parameters()).device
    sharpness = torch.ones(1, device=device)
    true: list[FloatArray] = []
    guess: list[FloatArray] = []
    spread: list[FloatArray] = []
    rows: list[NDArray[np.uint8]] = []
    for picture in resized(store, chosen):
        luma = np.ascontiguousarray(picture[..., 0])
        batch = torch.from_numpy(network_input(luma[None], None)).to(device)
        height, width = luma.shape[0] // 4, luma.shape[1] // 4
        planes = decoder(batch, sharpness)[0, :, :height, :width].float().cpu().numpy()
        truth = quarter_chroma(picture)
        true.append(truth.reshape(2, -1))
        guess.append(planes[:2].reshape(2, -1))
        spread.append(planes[2].ravel())
        if len(rows) < SHEET_PICTURES:
            rows.append(_row(luma, planes[:2], picture))
    truth, guessed = np.concatenate(true, 1), np.concatenate(guess, 1)
    error, grey = _norm(guessed - truth), _norm(truth - 128)
    return Validation(
        error=float(error.mean()),
        grey_error=float(grey.mean()),
        gain_db=float(10 * np.log10((grey**2).mean() / (error**2).mean())),
        strength=float(_norm(guessed - 128).mean() / grey.mean()),
        calibration=fit_calibration(np.concatenate(spread), error),
        sheet=_sheet(rows),
    )


def fit_calibration(spread: FloatArray, error: FloatArray) -> Calibration:
    """Monotone table from spread to the share of errors under 8/255, by equal-count groups."""
    # Importing it takes most of a second, and only who trains needs it.
    from scipy.optimize import isotonic_regression  # type: ignore[import-untyped]

    groups = np.array_split(np.argsort(spread), CALIBRATION_KNOTS)
    x = [float(spread[group].mean()) for group in groups]
    shares = [(error[group] < SMALL_ERROR).mean() for group in groups]
    y = isotonic_regression(shares, increasing=False).x.tolist()
    return Calibration(tuple(x), tuple(y))


def _norm(planes: FloatArray) -> FloatArray:
    return np.asarray(np.hypot(planes[0], planes[1]), np.float32)


def resized(store: PictureStore, chosen: Sequence[int]) -> Iterator[Picture]:
    """Pictures of the store, uint8 (height, width, 3), at the size they are judged at."""
    for index in chosen:
        picture = store.picture(index)
        height, width = working_shape(picture.shape[0], picture.shape[1], SHORT_SIDE)
        yield np.asarray(
            cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )


def _row(luma: NDArray[np.uint8], chroma: FloatArray, picture: Picture) -> NDArray[np.uint8]:
    height, width = luma.shape
    large = cv2.resize(chroma.transpose(1, 2, 0), (width, height))
    colored = np.dstack([luma, np.clip(large + 0.5, 0, 255).astype(np.uint8)])
    grey = np.dstack([luma, np.full((height, width, 2), 128, np.uint8)])
    strip = np.hstack([grey, colored, picture])[..., [0, 2, 1]]
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(strip), cv2.COLOR_YCrCb2BGR), np.uint8)


def _sheet(rows: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    fitted = [cv2.resize(row, (768, round(row.shape[0] * 768 / row.shape[1]))) for row in rows]
    half = (len(fitted) + 1) // 2
    columns = [np.vstack(part) for part in (fitted[:half], fitted[half:]) if part]
    height = max(column.shape[0] for column in columns)
    padded = [np.pad(c, ((0, height - c.shape[0]), (0, 8), (0, 0))) for c in columns]
    return np.asarray(np.hstack(padded), np.uint8)
