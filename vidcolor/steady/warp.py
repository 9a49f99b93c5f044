"""Arithmetic of flow fields: where a flow ends, what is seen there, flows one after the other.

A flow is float32 (height, width, 2): x, then y displacement in pixels of its own size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

HALF = 2
# Colour is brought over by cubic interpolation: linear, repeated, blurs 2 % of colourfulness away.
COLOR_METHOD = cv2.INTER_CUBIC


def at_size(flow: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """A flow field at another size, its displacements in that size's pixels."""
    height, width = shape[:2]
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    method = cv2.INTER_AREA if width <= flow.shape[1] else cv2.INTER_LINEAR
    resized = cv2.resize(flow, (width, height), interpolation=method)
    return np.asarray(resized * scale, np.float32)


def halved(plane: NDArray[np.generic]) -> FloatArray:
    """A plane (height, width) at half size by area averaging, float32."""
    size = plane.shape[1] // HALF, plane.shape[0] // HALF
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def ends(flow: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns and rows at which a flow ends, each float32 (height, width)."""
    height, width = flow.shape[:2]
    column = flow[..., 0] + np.arange(width, dtype=np.float32)
    row = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(column, np.float32), np.asarray(row, np.float32)


def plane_ends(flow: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns and rows at which flow in planes (2, ..., height, width) ends, likewise."""
    height, width = flow.shape[-2:]
    column = flow[0] + np.arange(width, dtype=np.float32)
    row = flow[1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(column, np.float32), np.asarray(row, np.float32)


def sampled(planes: FloatArray, flow: FloatArray, method: int = cv2.INTER_LINEAR) -> FloatArray:
    """Planes (height, width[, n]) at the ends of a flow."""
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(planes, *ends(flow), method, borderMode=border), np.float32)


def composed(first: FloatArray, second: FloatArray) -> FloatArray:
    """The flow that goes along the first, and from its ends along the second."""
    return first + sampled(second, first)


def lengths(flow: FloatArray) -> FloatArray:
    """Length of each vector of a flow (height, width, 2), in pixels.

    Not by `cv2.magnitude`, whose last bit depends on where in memory its result lies.
    """
    across, down = flow[..., 0], flow[..., 1]
    return np.asarray(np.sqrt(across * across + down * down), np.float32)


def beyond(flow: FloatArray) -> FloatArray:
    """How far beyond the frame's edge each pixel ends, in pixels; 0 within."""
    height, width = flow.shape[:2]
    column, row = ends(flow)
    across = np.maximum(np.maximum(-column, column - (width - 1)), 0)
    down = np.maximum(np.maximum(-row, row - (height - 1)), 0)
    return lengths(np.stack([across, down], axis=-1))
